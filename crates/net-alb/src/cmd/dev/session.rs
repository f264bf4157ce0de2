//! One run of `dev`: read, build, serve, print; again for what changes whenever a file was saved.

use super::DevArgs;
use super::backend::Backends;
use super::board::Board;
use super::endpoints;
use super::opening::Opening;
use super::report::{self, Heard, root_of};
use super::serving::{Applied, Serving};
use crate::cmd::{alone, is_route, nothing_there};
use crate::exit::Failure;
use crate::read::{Files, Saved, SourceMap};
use crate::render::Tally;
use crate::secret::Secrets;
use net_alb_api::config::Target;
use net_alb_api::{Object, ObjectKey, Packed};
use net_alb_diag::{Diagnostic, ObjectRef, Place, Severity};
use net_alb_model::Fragment;
use net_alb_pipeline::{Change, Delta, Pipeline};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

/// So many Knative Services, KIngresses and Ingresses are worked on at once while everything is read for the first time.
const CHUNK: usize = 256;
/// So many objects take long enough to say that they were seen.
const MANY: usize = 200;

/// What lives as long as the command.
pub(super) struct Session {
    args: DevArgs,
    files: Files,
    pipeline: Pipeline,
    /// With their bytes, which the pipeline doesn't keep.
    secrets: Secrets,
    heard: Heard,
    builtin: Backends,
    serving: Serving,
    /// Why the last reading failed.
    failed: Option<String>,
}

/// What was served of an object before it changed.
struct Before {
    object: ObjectRef,
    /// The version to go back to: none if it's new, or if only a part of it was served.
    good: Option<Object>,
    fragments: Vec<Arc<Fragment>>,
}

impl Session {
    pub(super) fn new(args: DevArgs, builtin: Backends, serving: Serving) -> Self {
        let settings = args.settings.clone();
        let base = alone(Target::Gateway);
        let pipeline = Pipeline::new(base, move |found| settings.over(found));
        let files = Files::new(args.inputs.paths());
        let (secrets, heard) = (Secrets::default(), Heard::default());
        Session { args, files, pipeline, secrets, heard, builtin, serving, failed: None }
    }

    /// Ends as the gateway does.
    pub(super) fn drain(self, grace: std::time::Duration) {
        self.serving.drain(grace);
    }

    /// The first reading: a file that can't be read, or an address that is taken, ends the command.
    pub(super) fn begin(&mut self) -> Result<(), Failure> {
        let mut saved = self.files.read(None)?;
        let nothing = self.nothing_to_serve(&saved);
        print_many(&saved).map_err(Failure::system("writing to stderr"))?;
        let (routes, others): (Vec<_>, Vec<_>) =
            std::mem::take(&mut saved.put).into_iter().partition(|(object, _)| is_route(object));
        let mut opening = Opening::default();
        let mut said = Said { reading: saved.diagnostics, ..Said::default() };
        self.load(unpacked(others).collect(), &mut opening, &mut said)?;
        let mut routes = unpacked(routes);
        loop {
            let chunk: Vec<_> = routes.by_ref().take(CHUNK).collect();
            if chunk.is_empty() {
                break;
            }
            self.load(chunk, &mut opening, &mut said)?;
        }
        drop(routes);
        self.serving.listen()?;
        said.gateway.extend(nothing);
        said.gateway.extend(endpoints::unused(&self.args.backends, &self.pipeline));
        self.say(said, saved.sources).map_err(Failure::system("writing to stderr"))?;
        opening.print(&self.serving).map_err(Failure::system("writing to stdout"))?;
        self.print_watching().map_err(Failure::system("writing to stderr"))
    }

    fn print_watching(&self) -> io::Result<()> {
        let names: Vec<_> = self.args.inputs.paths().iter().map(|path| path.display().to_string()).collect();
        writeln!(
            anstream::stderr(),
            "watching {} · Ctrl-C to stop · `net-alb explain` says why a request goes where it goes",
            names.join(", ")
        )
    }

    fn load(&mut self, objects: Vec<Object>, opening: &mut Opening, said: &mut Said) -> Result<(), Failure> {
        self.keep_secrets(&objects);
        let delta = self.pipeline.apply(objects.into_iter().map(Change::Put));
        let applied = self.serve(&delta)?;
        opening.take(&applied.fragments);
        said.gateway.extend(applied.said);
        said.objects.extend(delta.diagnostics);
        Ok(())
    }

    /// Looks at the files again. Whatever fails now, what is served goes on.
    pub(super) fn again(&mut self, paths: Option<&BTreeSet<PathBuf>>) -> io::Result<()> {
        let result = match self.files.read(paths) {
            Ok(saved) if !saved.any => Ok(()),
            Ok(saved) => self.follow(saved),
            Err(unreadable) => Err(unreadable.into()),
        };
        let failed = result.err().map(|failure| failure.to_string());
        if failed.is_some() && failed != self.failed {
            let why = failed.as_deref().unwrap_or_default();
            writeln!(anstream::stderr(), "net-alb: {why}; traffic is unharmed")?;
        }
        self.failed = failed;
        Ok(())
    }

    /// Puts what was saved into effect.
    fn follow(&mut self, mut saved: Saved) -> Result<(), Failure> {
        let nothing = self.nothing_to_serve(&saved).filter(|_| saved.gone.len() + saved.kept.len() > 0);
        print_many(&saved).map_err(Failure::system("writing to stderr"))?;
        let put: Vec<Object> = unpacked(std::mem::take(&mut saved.put)).collect();
        let before: Vec<Before> = put
            .iter()
            .map(Object::to_ref)
            .chain(saved.gone.iter().cloned())
            .map(|o| self.before(o))
            .collect();
        self.keep_secrets(&put);
        for gone in saved.gone.iter().filter(|gone| gone.kind == "Secret") {
            self.secrets.remove(&ObjectKey::new(gone.namespace.as_str(), gone.name.as_str()));
        }
        let deletes = saved.gone.iter().cloned().map(Change::Delete);
        let mut delta = self.pipeline.apply(put.into_iter().map(Change::Put).chain(deletes));
        let mut said = Said { reading: saved.diagnostics, ..Said::default() };
        said.objects.extend(delta.diagnostics.clone());
        let mut kept = saved.kept;
        let mut refused = self.refused(&delta);
        refused.extend(saved.flawed);
        let restored: Vec<_> =
            before.iter().filter(|b| refused.contains(&b.object)).filter_map(|b| b.good.clone()).collect();
        if !restored.is_empty() {
            kept.extend(restored.iter().map(Object::to_ref));
            self.keep_secrets(&restored);
            delta.extend(self.pipeline.apply(restored.into_iter().map(Change::Put)));
        }
        let old = self.old_board(&before, &delta);
        let Applied { fragments, said: more } = self.serve(&delta)?;
        self.serving.listen()?;
        said.gateway = more;
        said.gateway.extend(nothing);
        for kservice in before.iter().filter(|before| before.object.group == "serving.knative.dev") {
            let key = ObjectKey::new(kservice.object.namespace.as_str(), kservice.object.name.as_str());
            if let Some(kservice) = self.pipeline.kservice(&key) {
                endpoints::retarget(&kservice, &mut self.builtin, &self.pipeline);
            }
        }
        let errors = self.say(said, saved.sources).map_err(Failure::system("writing to stderr"))?;
        report::print_kept(&kept).map_err(Failure::system("writing to stderr"))?;
        let now = Board::new(fragments.values().flatten().map(|fragment| &**fragment), &self.serving);
        let printed = now.print_changes(&old, &mut anstream::stdout().lock());
        let is_changed = printed.map_err(Failure::system("writing to stdout"))?;
        if !is_changed && kept.is_empty() && errors == 0 {
            let what = if fragments.is_empty() {
                "nothing that is served has changed"
            } else {
                "it is served otherwise now, in a way that `net-alb build` shows"
            };
            let done = writeln!(anstream::stderr(), "read again; {what}");
            done.map_err(Failure::system("writing to stderr"))?;
        }
        Ok(())
    }

    fn before(&self, object: ObjectRef) -> Before {
        let good = self.pipeline.object(&object).filter(|_| !self.is_flawed(&object));
        let fragments = self.pipeline.fragments_of(&object).into_iter();
        let fragments = fragments.map(|fragment| self.serving.extend(fragment)).collect();
        Before { object, good, fragments }
    }

    /// Whether only a part of an object is served.
    fn is_flawed(&self, object: &ObjectRef) -> bool {
        let key = ObjectKey::new(object.namespace.as_str(), object.name.as_str());
        let kingress = self.pipeline.kingress_of(&key).filter(|_| object.group == "serving.knative.dev");
        let kingress = kingress.map(|key| key.to_ref("networking.internal.knative.dev", "Ingress"));
        let about = [Some(object.clone()), kingress];
        let mut said = about.iter().flatten().flat_map(|object| self.pipeline.diagnostics_of(object));
        said.any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// The objects of files that errors are about, themselves or by what was made of them.
    fn refused(&self, delta: &Delta) -> BTreeSet<ObjectRef> {
        let errors = delta.diagnostics.values().flatten().filter(|d| d.severity == Severity::Error);
        let objects = errors.filter_map(|diagnostic| match &diagnostic.place {
            Place::Field { object, .. } => Some(root_of(&self.pipeline, object)),
            _ => None,
        });
        objects.collect()
    }

    /// What was served of the Ingresses that are otherwise now.
    fn old_board(&self, before: &[Before], delta: &Delta) -> Board {
        let known = before.iter().flat_map(|before| &before.fragments);
        let known: Vec<_> =
            known.filter(|fragment| delta.fragments.contains_key(&fragment.ingress)).collect();
        let is_new = |ingress: &ObjectKey| {
            let object = ingress.to_ref("networking.k8s.io", "Ingress");
            let root = root_of(&self.pipeline, &object);
            before.iter().any(|before| before.object == root)
        };
        let others = delta.fragments.keys().filter(|ingress| {
            !known.iter().any(|fragment| fragment.ingress == **ingress) && !is_new(ingress)
        });
        Board::new(known.iter().map(|fragment| &***fragment), &self.serving).and(others.cloned().collect())
    }

    fn serve(&mut self, delta: &Delta) -> Result<Applied, Failure> {
        let mut servers = BTreeMap::new();
        for (backend, found) in &delta.backends {
            let Some(found) = found else { continue };
            let addresses =
                endpoints::addresses(backend, found, &self.pipeline, &self.args.backends, &mut self.builtin);
            let addresses = addresses.map_err(Failure::system("starting a built-in backend"))?;
            servers.insert(backend.clone(), addresses);
        }
        self.serving.apply(delta, servers, &self.secrets)
    }

    fn keep_secrets(&mut self, objects: &[Object]) {
        for object in objects {
            if let Object::Secret(secret) = object {
                self.secrets.insert(ObjectKey::of(&secret.metadata), Arc::new(secret.clone()));
            }
        }
    }

    /// Prints what is worth saying; returns how many errors there are.
    fn say(&mut self, said: Said, sources: SourceMap) -> io::Result<usize> {
        let mut news = said.reading;
        for (object, diagnostics) in said.objects {
            news.extend(self.heard.news(Some(object), diagnostics));
        }
        let unserved = self.serving.unserved(|alb, id| self.pipeline.rules_on(alb, id));
        let others = said.gateway.into_iter().chain(unserved).collect();
        news.extend(self.heard.news(None, others));
        let errors = Tally::of(&news).errors;
        let mut all = self.pipeline.diagnostics();
        all.extend(news.iter().filter(|said| !matches!(said.place, Place::Field { .. })).cloned());
        self.serving.set_diagnostics(&all);
        report::print(news, sources, &self.files, &self.pipeline)?;
        Ok(errors)
    }

    /// Whether there is nothing that could be served, and nothing else has been said about it.
    fn nothing_to_serve(&self, saved: &Saved) -> Option<Diagnostic> {
        let is_empty = Tally::of(&saved.diagnostics).errors == 0 && !self.files.objects().any(is_route);
        is_empty.then(|| nothing_there(&self.args.inputs))
    }
}

/// Says that there is something to wait for.
fn print_many(saved: &Saved) -> io::Result<()> {
    let count = saved.put.len() + saved.gone.len();
    if count < MANY {
        return Ok(());
    }
    writeln!(anstream::stderr(), "{count} objects are new, changed or gone; working on them")
}

/// The objects that were read, each as it is asked for.
fn unpacked(objects: Vec<(Arc<ObjectRef>, Packed<Object>)>) -> impl Iterator<Item = Object> {
    objects.into_iter().filter_map(|(_, object)| object.get())
}

/// What there is to say after a reading.
#[derive(Default)]
struct Said {
    reading: Vec<Diagnostic>,
    objects: BTreeMap<ObjectRef, Vec<Diagnostic>>,
    gateway: Vec<Diagnostic>,
}
