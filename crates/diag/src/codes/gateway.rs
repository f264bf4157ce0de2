//! NA30xx, stage 3a: what the gateway serves.

use crate::Code;

/// All of this stage, by id.
pub(super) const ALL: &[&Code] = &[];
