use net_alb_api::Object;
use net_alb_diag::ObjectRef;

/// What became of one object.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant, reason = "short-lived, and nearly always the large one")]
pub enum Change {
    /// It is new or has changed: this is what it is now. An object that is as it was changes nothing.
    Put(Object),
    /// It is gone. Of an object that isn't known, nothing.
    Delete(ObjectRef),
}
