//! What a listener accepts from TLS clients.

use super::names::Resolver;
use super::policy::Policy;
use arc_swap::ArcSwapOption;
use net_alb_model::{Listener, Protocol};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::Ticketer;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, ProducesTickets, WebPkiClientVerifier};
use std::sync::{Arc, Mutex, PoisonError};

/// The TLS side of a listener, as all threads share it: certificates, and what is agreed with clients.
#[derive(Debug)]
pub(crate) struct ListenerTls {
    protocol: Protocol,
    resolver: Arc<Resolver>,
    config: ArcSwapOption<ServerConfig>,
    settings: Mutex<Settings>,
}

/// What clients must show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum ClientAuth {
    /// Nothing.
    #[default]
    Off,
    /// A certificate of one of these CAs, in PEM. None can be used: nobody gets in.
    Required(Vec<u8>),
}

#[derive(Debug, Clone, Default)]
struct Settings {
    policy: Option<String>,
    http2: bool,
    client_auth: ClientAuth,
    /// Made anew with other client CAs, since a session that goes on isn't asked for a certificate again.
    ticketer: Option<Arc<dyn ProducesTickets>>,
}

impl Settings {
    fn set_client_auth(&mut self, client_auth: ClientAuth) {
        if self.client_auth != client_auth {
            self.client_auth = client_auth;
            self.ticketer = None;
        }
    }
}

impl ListenerTls {
    /// The TLS side of an HTTPS or QUIC listener.
    pub(crate) fn new(protocol: Protocol, resolver: Arc<Resolver>) -> ListenerTls {
        let tls =
            ListenerTls { protocol, resolver, config: ArcSwapOption::empty(), settings: Mutex::default() };
        tls.change(|settings| settings.http2 = true);
        tls
    }

    /// What to accept connections with, for QUIC as for TCP; `None` refuses everybody.
    pub(crate) fn config(&self) -> Option<Arc<ServerConfig>> {
        self.config.load_full()
    }

    /// Sets it up as the model says. Connections that are open stay as they are.
    pub(crate) fn configure(&self, listener: &Listener, client_auth: ClientAuth) {
        self.change(|settings| {
            settings.policy.clone_from(&listener.security_policy);
            settings.http2 = listener.http2;
            settings.set_client_auth(client_auth);
        });
    }

    /// Says what clients must show from now on.
    pub(crate) fn set_client_auth(&self, client_auth: ClientAuth) {
        self.change(|settings| settings.set_client_auth(client_auth));
    }

    fn change(&self, change: impl FnOnce(&mut Settings)) {
        let mut settings = self.settings.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut settings);
        if settings.ticketer.is_none() {
            // Without randomness there are no sessions that go on, only new ones.
            settings.ticketer = Ticketer::new().ok();
        }
        self.config.store(self.build(&settings).map(Arc::new));
    }

    fn build(&self, settings: &Settings) -> Option<ServerConfig> {
        let policy = match self.protocol {
            Protocol::Quic => Policy::Tls13,
            _ => settings.policy.as_deref().map_or(Policy::Tls12And13, Policy::named),
        };
        let builder = ServerConfig::builder_with_provider(policy.provider())
            .with_protocol_versions(policy.versions())
            .ok()?;
        let builder = match &settings.client_auth {
            ClientAuth::Off => builder.with_no_client_auth(),
            ClientAuth::Required(authorities) => {
                builder.with_client_cert_verifier(client_verifier(authorities, policy)?)
            }
        };
        let mut config = builder.with_cert_resolver(Arc::<Resolver>::clone(&self.resolver));
        config.alpn_protocols = match (self.protocol, settings.http2) {
            (Protocol::Quic, _) => vec![b"h3".to_vec()],
            (_, true) => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
            (_, false) => vec![b"http/1.1".to_vec()],
        };
        // A session is in its ticket, so that any thread goes on with it: no store is shared.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        if let Some(ticketer) = &settings.ticketer {
            config.ticketer = Arc::clone(ticketer);
        }
        config.send_tls13_tickets = TICKETS;
        Some(config)
    }
}

/// Session tickets after a TLS 1.3 handshake. Each costs every new connection some work and bytes; one is enough, since a
/// connection that goes on with a session gets the next.
const TICKETS: usize = 1;

/// Verifies clients by these CAs; `None` if there is none among them.
fn client_verifier(authorities: &[u8], policy: Policy) -> Option<Arc<dyn ClientCertVerifier>> {
    let roots = super::certificate::roots(authorities).ok()?;
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), policy.provider()).build().ok()
}
