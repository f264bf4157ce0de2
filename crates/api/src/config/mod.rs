//! Settings, parsed from ConfigMaps and the command line.

mod knative;
mod settings;

pub use knative::{
    CLUSTER_DOMAIN, CLUSTER_LOCAL, DomainConfig, DomainTemplate, DomainValues, Features, HttpProtocol,
    KnativeConfig, LOCAL_DOMAIN, NetworkConfig, TagTemplate,
};
pub use settings::{AnnotationFormat, ClusterLocal, Http3, Settings, Target};
