//! NA20xx, stage 2: Ingresses to the ALB model.

use crate::Code;

/// All of this stage, by id.
pub(super) const ALL: &[&Code] = &[];
