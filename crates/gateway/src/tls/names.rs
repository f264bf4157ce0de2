//! Which certificate a listener shows for a host: by hash, whatever the number of certificates.

use super::certificate::{Cell, Certificate};
use arc_swap::ArcSwap;
use net_alb_model::ObjectKey;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use smallvec::SmallVec;
use std::cmp::Ordering;
use std::sync::Arc;

type Map =
    imbl::GenericHashMap<String, Candidates, foldhash::fast::RandomState, imbl::shared_ptr::DefaultSharedPtr>;

/// What handshakes of one listener look at.
///
/// A host's certificate is the first of: one that an Ingress with a rule for the host names; any other of the listener's
/// that is for the host, an exact name before a wildcard; the default. The first of these keeps a certificate that somebody
/// else brings along from taking a host away.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    /// By host of a rule, as it stands there: the Secrets of its Ingresses.
    pub(super) routes: Map,
    /// By name in a certificate.
    pub(super) certificates: Map,
    /// For unknown hosts, and clients that name none.
    pub(super) default: Option<Arc<Cell>>,
}

/// The certificates of one name, in the order in which they are preferred.
#[derive(Debug, Clone, Default)]
pub(super) struct Candidates(SmallVec<[Candidate; 1]>);

#[derive(Debug, Clone)]
struct Candidate {
    cell: Arc<Cell>,
    rank: Rank,
    /// How often it was added.
    count: usize,
}

/// The place among the listener's certificates: first those of the AlbConfig in their order, then by Secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank(pub(super) usize);

impl Candidates {
    fn position(&self, rank: Rank, secret: &ObjectKey) -> Result<usize, usize> {
        self.0.binary_search_by(|other| match other.rank.cmp(&rank) {
            Ordering::Equal => other.cell.secret.cmp(secret),
            other => other,
        })
    }
}

pub(super) fn add(map: &mut Map, name: &str, rank: Rank, cell: &Arc<Cell>) {
    let candidates = map.entry(name.to_owned()).or_default();
    match candidates.position(rank, &cell.secret) {
        Ok(at) => candidates.0[at].count += 1,
        Err(at) => candidates.0.insert(at, Candidate { cell: Arc::clone(cell), rank, count: 1 }),
    }
}

pub(super) fn remove(map: &mut Map, name: &str, rank: Rank, secret: &ObjectKey) {
    let Some(candidates) = map.get_mut(name) else { return };
    if let Ok(at) = candidates.position(rank, secret) {
        candidates.0[at].count -= 1;
        if candidates.0[at].count == 0 {
            candidates.0.remove(at);
        }
    }
    if candidates.0.is_empty() {
        map.remove(name);
    }
}

impl Names {
    /// The certificate for a host, among those with which `fits` agrees.
    pub(super) fn find(&self, host: &str, fits: impl Fn(&Certificate) -> bool) -> Option<Arc<Certificate>> {
        let host = host.to_ascii_lowercase();
        let wildcard = host.split_once('.').map_or(String::new(), |(_, parent)| format!("*.{parent}"));
        let first = |map: &Map, name: &String| {
            let mut certificates =
                map.get(name)?.0.iter().filter_map(|candidate| candidate.cell.current.load_full());
            certificates.find(|certificate| certificate.covers(&host, &wildcard) && fits(certificate))
        };
        first(&self.routes, &host)
            .or_else(|| first(&self.routes, &wildcard))
            .or_else(|| first(&self.certificates, &host))
            .or_else(|| first(&self.certificates, &wildcard))
            .or_else(|| self.fallback())
    }

    pub(super) fn fallback(&self) -> Option<Arc<Certificate>> {
        self.default.as_ref()?.current.load_full()
    }
}

/// A listener's names, swappable while handshakes read them.
#[derive(Debug, Default)]
pub(crate) struct Resolver {
    pub(super) names: ArcSwap<Names>,
}

impl ResolvesServerCert for Resolver {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let names = self.names.load();
        let schemes = hello.signature_schemes();
        let fits = |certificate: &Certificate| certificate.certified.key.choose_scheme(schemes).is_some();
        let found = match hello.server_name() {
            Some(host) => names.find(host, fits),
            None => names.fallback(),
        };
        found.map(|certificate| Arc::clone(&certificate.certified))
    }
}
