//! Who uses which certificate. A change costs what it changes, whatever else there is; handshakes see the outcome through
//! [`Resolver`]s.

use super::certificate::{Cell, Certificate};
use super::names::{Names, Rank, Resolver, add, remove};
use crate::listener::ListenerKey;
use net_alb_diag::codes::gateway::{BAD_CERTIFICATE, EXPIRED_CERTIFICATE};
use net_alb_diag::{Code, Diagnostic, FieldPath, Outcome};
use net_alb_model::{Condition, FragmentListener, ObjectKey, Pattern};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::SystemTime;

/// All certificates of a gateway.
#[derive(Debug, Default)]
pub(crate) struct Certificates {
    secrets: BTreeMap<ObjectKey, Held>,
    listeners: BTreeMap<ListenerKey, Uses>,
    /// Secrets that were set to something unusable or expired so far.
    rejected: u64,
}

/// A certificate that is being served, or would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateInfo {
    /// Where it is from.
    pub secret: ObjectKey,
    /// The hosts it's for, sorted.
    pub names: Vec<String>,
    /// The end of its time.
    pub not_after: SystemTime,
}

/// A Secret that somebody has set or uses.
#[derive(Debug)]
struct Held {
    cell: Arc<Cell>,
    users: BTreeSet<ListenerKey>,
}

/// What one listener uses.
#[derive(Debug, Default)]
struct Uses {
    resolver: Arc<Resolver>,
    /// By the AlbConfig, the default first.
    declared: Vec<ObjectKey>,
    ingresses: BTreeMap<ObjectKey, Share>,
    /// Ingresses that name a Secret.
    counts: BTreeMap<ObjectKey, usize>,
    /// Those of the Ingresses' Secrets that have a certificate.
    usable: BTreeSet<ObjectKey>,
}

/// What an Ingress says about certificates on one listener.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Share {
    secrets: Vec<ObjectKey>,
    /// Of its rules.
    hosts: BTreeSet<String>,
}

impl Share {
    pub(super) fn new<H: Into<String>>(
        secrets: impl IntoIterator<Item = ObjectKey>,
        hosts: impl IntoIterator<Item = H>,
    ) -> Share {
        let hosts = hosts.into_iter().map(Into::into).collect();
        Share { secrets: secrets.into_iter().collect(), hosts }
    }

    pub(crate) fn of(listener: &FragmentListener) -> Share {
        if listener.certificate_secrets.is_empty() {
            return Share::default();
        }
        let conditions = listener.rules.iter().flat_map(|rule| &rule.conditions);
        let patterns = conditions.filter_map(|condition| match condition {
            Condition::Host(patterns) => Some(patterns),
            _ => None,
        });
        let hosts = patterns.flatten().filter_map(|pattern| match pattern {
            Pattern::Exact(host) | Pattern::Wildcard(host) => Some(host.to_ascii_lowercase()),
            Pattern::Regex { .. } => None,
        });
        Share::new(listener.certificate_secrets.iter().cloned(), hosts)
    }
}

impl Certificates {
    /// What handshakes of a listener look at.
    pub(crate) fn resolver(&mut self, listener: &ListenerKey) -> Arc<Resolver> {
        Arc::clone(&self.listeners.entry(listener.clone()).or_default().resolver)
    }

    /// The certificate that a Secret has now.
    pub(crate) fn current(&self, secret: &ObjectKey) -> Option<Arc<Certificate>> {
        self.secrets.get(secret)?.cell.current.load_full()
    }

    /// Every Secret that has a certificate.
    pub(crate) fn all(&self) -> Vec<CertificateInfo> {
        let info = |(secret, held): (&ObjectKey, &Held)| {
            let certificate = held.cell.current.load_full()?;
            let (names, not_after) = (certificate.names.clone(), certificate.not_after);
            Some(CertificateInfo { secret: secret.clone(), names, not_after })
        };
        self.secrets.iter().filter_map(info).collect()
    }

    pub(crate) fn rejected(&self) -> u64 {
        self.rejected
    }

    /// Gives a Secret what was read of it, unless that would be worse than what it has.
    pub(crate) fn replace(
        &mut self,
        secret: &ObjectKey,
        parsed: Result<Option<Certificate>, String>,
    ) -> Outcome<()> {
        let has_good = self.current(secret).is_some_and(|current| !current.is_expired());
        let say = |code: &'static Code, message: String| {
            let help = if has_good {
                "the certificate from before stays in use; renew the Secret"
            } else {
                code.fix
            };
            let diagnostic = Diagnostic::new(code, secret.to_ref("", "Secret"), FieldPath::root(), message);
            Outcome { value: (), diagnostics: vec![diagnostic.help(help)] }
        };
        match parsed {
            Err(wrong) => {
                self.rejected += 1;
                say(&BAD_CERTIFICATE, format!("the certificate in Secret `{secret}` can't be used: {wrong}"))
            }
            Ok(Some(certificate)) if certificate.is_expired() => {
                self.rejected += 1;
                let day = certificate.last_moment();
                if !has_good {
                    self.set(secret, Some(certificate));
                }
                say(&EXPIRED_CERTIFICATE, format!("the certificate in Secret `{secret}` has expired ({day})"))
            }
            Ok(certificate) => {
                self.set(secret, certificate);
                Outcome::clean(())
            }
        }
    }

    /// Gives a Secret another certificate, or none. Connections that are open keep theirs.
    pub(crate) fn set(&mut self, secret: &ObjectKey, certificate: Option<Certificate>) {
        let after = certificate.map(Arc::new);
        let held = self.hold(secret);
        let (cell, listeners) = (Arc::clone(&held.cell), held.users.clone());
        let before = cell.current.load_full();
        let names = |certificate: &Option<Arc<Certificate>>| -> BTreeSet<String> {
            certificate.iter().flat_map(|certificate| certificate.names.iter().cloned()).collect()
        };
        let (old, new) = (names(&before), names(&after));
        // A new name leads here before the certificate that is for it, and an old one after: at no moment a host is without.
        for uses in listeners.iter().filter_map(|listener| self.listeners.get(listener)) {
            let rank = uses.rank(secret);
            uses.edit(|names| {
                new.difference(&old).for_each(|name| add(&mut names.certificates, name, rank, &cell));
            });
        }
        let has_one = after.is_some();
        cell.current.store(after);
        for listener in &listeners {
            let Some(uses) = self.listeners.get_mut(listener) else { continue };
            let rank = uses.rank(secret);
            uses.set_usable(secret, has_one);
            let default = uses.default(&self.secrets);
            uses.edit(|names| {
                old.difference(&new).for_each(|name| remove(&mut names.certificates, name, rank, &cell));
                names.default = default;
            });
        }
        self.forget(secret);
    }

    /// What an Ingress says about a listener's certificates from now on.
    pub(crate) fn put(&mut self, listener: &ListenerKey, ingress: &ObjectKey, share: Share) {
        let uses = self.listeners.entry(listener.clone()).or_default();
        let before = uses.ingresses.get(ingress).cloned().unwrap_or_default();
        if before == share {
            return;
        }
        let mut names = Names::clone(&uses.resolver.names.load());
        for secret in &share.secrets {
            self.attach(listener, secret, &mut names);
        }
        self.each_route(listener, &share, &mut names, |names, host, rank, cell| {
            add(&mut names.routes, host, rank, cell);
        });
        self.each_route(listener, &before, &mut names, |names, host, rank, cell| {
            remove(&mut names.routes, host, rank, cell);
        });
        for secret in &before.secrets {
            self.detach(listener, secret, &mut names);
        }
        let Some(uses) = self.listeners.get_mut(listener) else { return };
        names.default = uses.default(&self.secrets);
        if share.secrets.is_empty() {
            uses.ingresses.remove(ingress);
        } else {
            uses.ingresses.insert(ingress.clone(), share);
        }
        uses.resolver.names.store(Arc::new(names));
        before.secrets.iter().for_each(|secret| self.forget(secret));
    }

    /// The Secrets that the AlbConfig names for a listener, the default first.
    pub(crate) fn declare(&mut self, listener: &ListenerKey, declared: &[ObjectKey]) {
        let uses = self.listeners.entry(listener.clone()).or_default();
        if uses.declared == declared {
            return;
        }
        // Their rank is part of every entry, and this is rare: the listener's names are made anew.
        let shares = std::mem::take(&mut uses.ingresses);
        let before = std::mem::replace(&mut uses.declared, declared.to_vec());
        uses.counts.clear();
        uses.usable.clear();
        let gone: Vec<_> = shares.values().flat_map(|share| share.secrets.clone()).chain(before).collect();
        for secret in &gone {
            if let Some(held) = self.secrets.get_mut(secret) {
                held.users.remove(listener);
            }
        }
        let mut names = Names::default();
        for secret in declared {
            self.attach(listener, secret, &mut names);
        }
        for share in shares.values() {
            for secret in &share.secrets {
                self.attach(listener, secret, &mut names);
            }
            self.each_route(listener, share, &mut names, |names, host, rank, cell| {
                add(&mut names.routes, host, rank, cell);
            });
        }
        if let Some(uses) = self.listeners.get_mut(listener) {
            uses.ingresses = shares;
            names.default = uses.default(&self.secrets);
            uses.resolver.names.store(Arc::new(names));
        }
        for secret in &gone {
            self.forget(secret);
        }
    }

    fn hold(&mut self, secret: &ObjectKey) -> &mut Held {
        self.secrets.entry(secret.clone()).or_insert_with(|| {
            let cell = Cell { secret: Arc::new(secret.clone()), current: arc_swap::ArcSwapOption::empty() };
            Held { cell: Arc::new(cell), users: BTreeSet::new() }
        })
    }

    /// Lets go of a Secret that has no certificate and that nobody uses.
    fn forget(&mut self, secret: &ObjectKey) {
        let useless = |held: &Held| held.users.is_empty() && held.cell.current.load().is_none();
        if self.secrets.get(secret).is_some_and(useless) {
            self.secrets.remove(secret);
        }
    }

    /// One more use of a Secret on a listener.
    fn attach(&mut self, listener: &ListenerKey, secret: &ObjectKey, names: &mut Names) {
        let held = self.hold(secret);
        let first = held.users.insert(listener.clone());
        let (cell, certificate) = (Arc::clone(&held.cell), held.cell.current.load_full());
        let Some(uses) = self.listeners.get_mut(listener) else { return };
        *uses.counts.entry(secret.clone()).or_default() += 1;
        if first && let Some(certificate) = certificate {
            let rank = uses.rank(secret);
            certificate.names.iter().for_each(|name| add(&mut names.certificates, name, rank, &cell));
            uses.set_usable(secret, true);
        }
    }

    /// One use less.
    fn detach(&mut self, listener: &ListenerKey, secret: &ObjectKey, names: &mut Names) {
        let (Some(uses), Some(held)) = (self.listeners.get_mut(listener), self.secrets.get_mut(secret))
        else {
            return;
        };
        let Some(count) = uses.counts.get_mut(secret) else { return };
        *count -= 1;
        if *count > 0 {
            return;
        }
        uses.counts.remove(secret);
        uses.set_usable(secret, false);
        held.users.remove(listener);
        let rank = uses.rank(secret);
        if let Some(certificate) = held.cell.current.load_full() {
            certificate.names.iter().for_each(|name| remove(&mut names.certificates, name, rank, &held.cell));
        }
    }

    fn each_route(
        &self,
        listener: &ListenerKey,
        share: &Share,
        names: &mut Names,
        mut change: impl FnMut(&mut Names, &str, Rank, &Arc<Cell>),
    ) {
        let Some(uses) = self.listeners.get(listener) else { return };
        for secret in &share.secrets {
            let Some(held) = self.secrets.get(secret) else { continue };
            let rank = uses.rank(secret);
            share.hosts.iter().for_each(|host| change(names, host, rank, &held.cell));
        }
    }
}

impl Uses {
    fn rank(&self, secret: &ObjectKey) -> Rank {
        Rank(self.declared.iter().position(|other| other == secret).unwrap_or(usize::MAX))
    }

    fn set_usable(&mut self, secret: &ObjectKey, usable: bool) {
        if usable {
            self.usable.insert(secret.clone());
        } else {
            self.usable.remove(secret);
        }
    }

    /// The first certificate of the AlbConfig's, else of the Ingresses'.
    ///
    /// Source: alibaba-load-balancer-controller, `buildListenerCertificates`.
    fn default(&self, secrets: &BTreeMap<ObjectKey, Held>) -> Option<Arc<Cell>> {
        let declared = self.declared.iter().find(|secret| self.usable.contains(secret));
        let secret = declared.or_else(|| self.usable.first())?;
        secrets.get(secret).map(|held| Arc::clone(&held.cell))
    }

    fn edit(&self, edit: impl FnOnce(&mut Names)) {
        let mut names = Names::clone(&self.resolver.names.load());
        edit(&mut names);
        self.resolver.names.store(Arc::new(names));
    }
}
