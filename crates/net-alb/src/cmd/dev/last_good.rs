//! What was served last, object by object: an object that is refused keeps its last good version, and nobody else notices.

use crate::read::{Reading, SourceMap};
use net_alb_api::{Object, ObjectKey, Snapshot};
use net_alb_diag::{Diagnostic, ObjectRef, Place, Severity};
use std::collections::{BTreeMap, BTreeSet};

/// The objects that are being served, and the files that they came from.
#[derive(Debug, Default)]
pub(super) struct LastGood {
    snapshot: Snapshot,
    files: BTreeMap<ObjectRef, String>,
    /// Objects of which only a part is served: no version to go back to.
    flawed: BTreeSet<ObjectRef>,
}

impl LastGood {
    /// What this reading holds is served from now on.
    pub(super) fn new(reading: &Reading, flawed: BTreeSet<ObjectRef>) -> Self {
        LastGood { snapshot: reading.snapshot.clone(), files: reading.files.clone(), flawed }
    }

    /// Puts objects that can't be read now back in: refused ones by name, and in a file with a broken document all that
    /// are missing, since any of them may be what is broken. Returns which.
    pub(super) fn restore_unread(&self, reading: &mut Reading) -> Vec<ObjectRef> {
        let refused: BTreeSet<_> = reading.refused.iter().collect();
        let missing = self.files.iter().filter(|(object, _)| !reading.files.contains_key(object));
        let lost = missing.filter(|(object, file)| refused.contains(object) || reading.broken.contains(file));
        let lost: Vec<_> = lost.map(|(object, file)| (object.clone(), file.clone())).collect();
        let mut restored = Vec::new();
        for (object, file) in lost {
            if let Some(good) = get(&self.snapshot, &object) {
                reading.snapshot.insert(good);
                reading.files.insert(object.clone(), file);
                restored.push(object);
            }
        }
        restored
    }

    /// Puts back the objects of a file that a stage refused (itself or what was made of it) and that were otherwise when
    /// they were served. Returns which.
    pub(super) fn restore_refused(
        &self,
        reading: &mut Reading,
        diagnostics: &[Diagnostic],
        sources: &SourceMap,
    ) -> Vec<ObjectRef> {
        let mut restored = Vec::new();
        for root in refused(diagnostics, sources).difference(&self.flawed).cloned() {
            let (Some(good), Some(bad)) = (get(&self.snapshot, &root), get(&reading.snapshot, &root)) else {
                continue;
            };
            if good.to_value().ok() != bad.to_value().ok() {
                remove(&mut reading.snapshot, &root);
                reading.snapshot.insert(good);
                restored.push(root);
            }
        }
        restored
    }
}

/// The objects of files that errors are about, themselves or by what was made of them.
pub(super) fn refused(diagnostics: &[Diagnostic], sources: &SourceMap) -> BTreeSet<ObjectRef> {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    let objects = errors.filter_map(|diagnostic| match &diagnostic.place {
        Place::Field { object, .. } => Some(sources.root_of(object).clone()),
        _ => None,
    });
    objects.collect()
}

macro_rules! by_kind {
    ($snapshot:expr, $object:expr, $do:ident) => {{
        let key = ObjectKey::new(&*$object.namespace, &*$object.name);
        match (&*$object.group, &*$object.kind) {
            ("serving.knative.dev", "Service") => $do!($snapshot.kservices, &key, KService),
            ("networking.internal.knative.dev", "Ingress") => $do!($snapshot.kingresses, &key, KIngress),
            ("networking.k8s.io", "Ingress") => $do!($snapshot.ingresses, &key, Ingress),
            ("networking.k8s.io", "IngressClass") => $do!($snapshot.ingress_classes, &key.name, IngressClass),
            ("alibabacloud.com", "AlbConfig") => $do!($snapshot.alb_configs, &key.name, AlbConfig),
            ("", "Service") => $do!($snapshot.services, &key, Service),
            ("discovery.k8s.io", "EndpointSlice") => $do!($snapshot.endpoint_slices, &key, EndpointSlice),
            ("", "Secret") => $do!($snapshot.secrets, &key, Secret),
            ("", "ConfigMap") => $do!($snapshot.config_maps, &key, ConfigMap),
            _ => None,
        }
    }};
}

fn get(snapshot: &Snapshot, object: &ObjectRef) -> Option<Object> {
    macro_rules! look_up {
        ($map:expr, $key:expr, $variant:ident) => {
            $map.get($key).map(|object| Object::$variant((**object).clone()))
        };
    }
    by_kind!(snapshot, object, look_up)
}

fn remove(snapshot: &mut Snapshot, object: &ObjectRef) -> Option<()> {
    macro_rules! take_out {
        ($map:expr, $key:expr, $variant:ident) => {
            $map.remove($key).map(|_| ())
        };
    }
    by_kind!(snapshot, object, take_out)
}
