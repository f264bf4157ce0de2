//! Settings, parsed from ConfigMaps and the command line.

mod knative;
mod settings;

pub use knative::KnativeConfig;
pub use settings::{AnnotationFormat, ClusterLocal, Settings, Target};
