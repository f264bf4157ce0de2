//! Servers that are known by name: Services of type `ExternalName`.

use net_alb_model::Backend;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::AbortHandle;

/// A name and port.
pub(super) type Name = (String, u16);

/// An answer is asked for again after so long; the system's resolver doesn't tell how long it holds.
const AGAIN: Duration = Duration::from_secs(30);
/// After a question without an answer.
const RETRY: Duration = Duration::from_secs(1);

/// The names that backends need; each is resolved once, however many need it.
#[derive(Debug)]
pub(super) struct Names {
    by_backend: BTreeMap<Backend, Name>,
    asked: BTreeMap<Name, Asked>,
    answers: UnboundedSender<(Name, Vec<SocketAddr>)>,
}

#[derive(Debug)]
struct Asked {
    task: AbortHandle,
    backends: Vec<Backend>,
    addresses: Vec<SocketAddr>,
}

impl Names {
    /// Answers will come to `answers`, for [`Names::answered`].
    pub(super) fn new(answers: UnboundedSender<(Name, Vec<SocketAddr>)>) -> Names {
        Names { by_backend: BTreeMap::new(), asked: BTreeMap::new(), answers }
    }

    /// A backend's servers are at this name, or no longer at any. Returns what is known of their addresses.
    pub(super) fn set(&mut self, backend: &Backend, name: Option<Name>) -> Vec<SocketAddr> {
        let before = self.by_backend.get(backend);
        if before != name.as_ref()
            && let Some(before) = self.by_backend.remove(backend)
        {
            self.leave(&before, backend);
        }
        let Some(name) = name else { return Vec::new() };
        let answers = self.answers.clone();
        let asked = self.asked.entry(name.clone()).or_insert_with(|| Asked {
            task: tokio::spawn(ask(name.clone(), answers)).abort_handle(),
            backends: Vec::new(),
            addresses: Vec::new(),
        });
        if self.by_backend.insert(backend.clone(), name).is_none() {
            asked.backends.push(backend.clone());
        }
        asked.addresses.clone()
    }

    /// A name has these addresses now. Returns the backends that are there.
    pub(super) fn answered(&mut self, name: &Name, addresses: &[SocketAddr]) -> Vec<Backend> {
        let Some(asked) = self.asked.get_mut(name).filter(|asked| asked.addresses != addresses) else {
            return Vec::new();
        };
        asked.addresses = addresses.to_vec();
        asked.backends.clone()
    }

    fn leave(&mut self, name: &Name, backend: &Backend) {
        let Some(asked) = self.asked.get_mut(name) else { return };
        asked.backends.retain(|other| other != backend);
        if asked.backends.is_empty() {
            asked.task.abort();
            self.asked.remove(name);
        }
    }
}

/// Asks for good. A question that fails changes nothing: the last answer holds.
async fn ask(name: Name, answers: UnboundedSender<(Name, Vec<SocketAddr>)>) {
    loop {
        let pause = match tokio::net::lookup_host(&name).await {
            Ok(found) => {
                let mut addresses: Vec<_> = found.collect();
                addresses.sort_unstable();
                addresses.dedup();
                if answers.send((name.clone(), addresses)).is_err() {
                    return;
                }
                AGAIN
            }
            Err(error) => {
                tracing::warn!("{}: no address: {error}", name.0);
                RETRY
            }
        };
        tokio::time::sleep(pause).await;
    }
}
