//! Settings, parsed from ConfigMaps and the command line.

mod balancer;
mod knative;
mod settings;

pub use balancer::{AddressType, Bootstrap};
pub use knative::{
    CLUSTER_DOMAIN, CLUSTER_LOCAL, DomainConfig, DomainTemplate, DomainValues, Features, HttpProtocol,
    KnativeConfig, LOCAL_DOMAIN, NetworkConfig, TagTemplate,
};
pub use settings::{AnnotationFormat, ClusterLocal, Hop, Http3, Overflow, Settings, Target};
