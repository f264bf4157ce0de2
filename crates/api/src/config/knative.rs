//! Knative's own ConfigMaps: `config-network`, `config-domain`, `config-features`.

/// What stage 0 needs to know of a Knative installation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnativeConfig {}
