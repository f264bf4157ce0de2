use std::sync::{Arc, PoisonError, RwLock};

/// Whether the process should get requests: what `/readyz` says. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Readiness(Arc<RwLock<Result<(), String>>>);

impl Readiness {
    /// Not ready yet, and why.
    pub fn new(why: &str) -> Readiness {
        Readiness(Arc::new(RwLock::new(Err(why.to_owned()))))
    }

    /// From now on it should.
    pub fn set_ready(&self) {
        self.set(Ok(()));
    }

    /// From now on it shouldn't: whoever spreads requests over processes takes the others.
    pub fn set_unready(&self, why: &str) {
        self.set(Err(why.to_owned()));
    }

    /// `Err` says why not.
    pub fn get(&self) -> Result<(), String> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, state: Result<(), String>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = state;
    }
}
