//! NA11xx, stage 1: KIngress to Ingresses.

use crate::Code;

/// All of this stage, by id.
pub(super) const ALL: &[&Code] = &[];
