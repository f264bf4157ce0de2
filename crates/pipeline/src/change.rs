use net_alb_api::{Object, ObjectKey};
use net_alb_diag::ObjectRef;

/// What became of one object.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant, reason = "short-lived, and nearly always the large one")]
pub enum Change {
    /// It is new or has changed: this is what it is now. An object that is as it was changes nothing.
    Put(Object),
    /// It is gone. Of an object that isn't known, nothing.
    Delete(ObjectRef),
    /// A KIngress' Ingresses were applied before, with these IngressClasses: it stays on those load balancers while it fits there. It
    /// counts only for a KIngress that has no place yet; say it in the batch that first has the KIngress, or before.
    Held {
        /// The KIngress.
        kingress: ObjectKey,
        /// The classes of its Ingresses; those that aren't net-alb's are passed over.
        classes: Vec<String>,
    },
}
