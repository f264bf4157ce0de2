//! NA10xx, stage 0: Knative Service to KIngress.

use crate::Code;

/// All of this stage, by id.
pub(super) const ALL: &[&Code] = &[];
