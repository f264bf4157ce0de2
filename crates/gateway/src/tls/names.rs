//! Which certificate a listener shows for a host: by hash, whatever the number of certificates.

use super::certificate::{Cell, Certificate};
use arc_swap::ArcSwap;
use net_alb_model::ObjectKey;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::sync::Arc;

type Map = imbl::GenericHashMap<
    Arc<str>,
    Candidates,
    foldhash::fast::RandomState,
    imbl::shared_ptr::DefaultSharedPtr,
>;

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

/// The certificates of one name, in the order in which they are preferred. Nearly every name has one; a wildcard that is
/// copied to every namespace has thousands, and still a change costs what it changes.
#[derive(Debug, Clone)]
pub(super) enum Candidates {
    One(Place, Candidate),
    Many(Box<imbl::OrdMap<Place, Candidate>>),
}

#[derive(Debug, Clone)]
pub(super) struct Candidate {
    cell: Arc<Cell>,
    /// How often it was added.
    count: usize,
}

/// The place among the listener's certificates: first those of the AlbConfig in their order, then by Secret.
type Place = (Rank, Arc<ObjectKey>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank(pub(super) usize);

/// So many certificates of one name are looked at for one that suits the client's algorithms.
const LOOKED_AT: usize = 16;

impl Candidates {
    fn add(&mut self, place: Place, cell: &Arc<Cell>) {
        match self {
            Candidates::One(own, candidate) if *own == place => candidate.count += 1,
            Candidates::One(own, candidate) => {
                let first = imbl::OrdMap::unit(own.clone(), candidate.clone());
                *self = Candidates::Many(Box::new(first));
                self.add(place, cell);
            }
            Candidates::Many(all) => {
                all.entry(place).or_insert_with(|| Candidate { cell: Arc::clone(cell), count: 0 }).count += 1;
            }
        }
    }

    /// Whether none is left.
    fn remove(&mut self, place: &Place) -> bool {
        match self {
            Candidates::One(own, candidate) if own == place => {
                candidate.count -= 1;
                candidate.count == 0
            }
            Candidates::One(..) => false,
            Candidates::Many(all) => {
                if let Some(candidate) = all.get_mut(place) {
                    candidate.count -= 1;
                    if candidate.count == 0 {
                        all.remove(place);
                    }
                }
                all.is_empty()
            }
        }
    }

    fn find(&self, fits: impl Fn(&Certificate) -> bool) -> Option<Arc<Certificate>> {
        let get = |candidate: &Candidate| candidate.cell.current.load_full().filter(|found| fits(found));
        match self {
            Candidates::One(_, candidate) => get(candidate),
            Candidates::Many(all) => all.values().take(LOOKED_AT).find_map(get),
        }
    }
}

pub(super) fn add(map: &mut Map, name: &str, rank: Rank, cell: &Arc<Cell>) {
    let place = (rank, Arc::clone(&cell.secret));
    if let Some(candidates) = map.get_mut(name) {
        candidates.add(place, cell);
    } else {
        let candidate = Candidate { cell: Arc::clone(cell), count: 1 };
        map.insert(name.into(), Candidates::One(place, candidate));
    }
}

pub(super) fn remove(map: &mut Map, name: &str, rank: Rank, cell: &Cell) {
    let Some(candidates) = map.get_mut(name) else { return };
    if candidates.remove(&(rank, Arc::clone(&cell.secret))) {
        map.remove(name);
    }
}

impl Names {
    /// The certificate for a host, among those with which `fits` agrees.
    pub(super) fn find(&self, host: &str, fits: impl Fn(&Certificate) -> bool) -> Option<Arc<Certificate>> {
        let host = host.to_ascii_lowercase();
        let wildcard = host.split_once('.').map_or(String::new(), |(_, parent)| format!("*.{parent}"));
        let covers = |found: &Certificate| found.covers(&host, &wildcard) && fits(found);
        let first = |map: &Map, name: &String| map.get(name.as_str())?.find(covers);
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
