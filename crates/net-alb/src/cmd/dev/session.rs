//! One run of `dev`: read, build, serve, print; again whenever a file was saved.

use super::DevArgs;
use super::backend::Backends;
use super::board::Board;
use super::endpoints;
use super::last_good::{self, LastGood};
use super::serving::{self, Serving};
use crate::cmd::{nothing_to_read, print_report};
use crate::exit::Failure;
use crate::pipeline::{self, Stages};
use crate::read::{self, Reader, Reading, SourceMap, Text, Unreadable};
use crate::render::{Style, without_repetition};
use net_alb_api::config::{Settings, Target};
use net_alb_diag::{Diagnostic, ObjectRef, Severity};
use net_alb_model::Backend;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::net::SocketAddr;

/// Objects that are named one by one.
const SHOWN: usize = 5;

/// What lives as long as the command.
pub(super) struct Session {
    args: DevArgs,
    reader: Reader,
    texts: Vec<Text>,
    /// Warnings and notes about the last reading, which needn't be repeated about this one.
    heard: BTreeSet<String>,
    last_good: Option<LastGood>,
    builtin: Backends,
    serving: Serving,
    board: Board,
}

impl Session {
    pub(super) fn new(args: DevArgs, builtin: Backends, serving: Serving) -> Self {
        let (reader, board) = (Reader::default(), Board::default());
        let (texts, heard) = (Vec::new(), BTreeSet::new());
        Session { args, reader, texts, heard, last_good: None, builtin, serving, board }
    }

    /// Ends as the gateway does.
    pub(super) fn drain(self, grace: std::time::Duration) {
        self.serving.drain(grace);
    }

    /// The first reading: a file that can't be read, or an address that is taken, ends the command.
    pub(super) fn begin(&mut self) -> Result<(), Failure> {
        let mut texts = read::texts(&self.args.inputs.paths())?;
        texts.sort_by_key(|text| text.name == read::STDIN);
        self.serve(texts)
    }

    /// Looks at the files again. Whatever fails now, what is served goes on.
    pub(super) fn again(&mut self) -> io::Result<()> {
        let result = match self.texts() {
            Ok(texts) if texts == self.texts => return Ok(()),
            Ok(texts) => self.serve(texts),
            Err(unreadable) => Err(unreadable.into()),
        };
        match result {
            Err(failure) => writeln!(anstream::stderr(), "net-alb: {failure}; traffic is unharmed"),
            Ok(()) => Ok(()),
        }
    }

    /// The files as they are now; what came from the standard input came once.
    fn texts(&self) -> Result<Vec<Text>, Unreadable> {
        let mut paths = self.args.inputs.paths();
        paths.retain(|path| !read::is_stdin(path));
        let mut texts = read::texts(&paths)?;
        texts.extend(self.texts.iter().filter(|text| text.name == read::STDIN).cloned());
        Ok(texts)
    }

    fn serve(&mut self, texts: Vec<Text>) -> Result<(), Failure> {
        let mut reading = self.reader.read(texts.clone());
        self.texts = texts;
        let empty = nothing_to_read(&reading, &self.args.inputs);
        let mut ran = self.run_stages(&mut reading);
        self.serving.https.extend(&mut ran.stages.albs);
        let endpoints =
            self.endpoints(&ran.stages).map_err(Failure::system("starting a built-in backend"))?;
        ran.said.extend(empty);
        if self.last_good.is_none() {
            ran.said.extend(endpoints::unused(&self.args.backends, &endpoints));
        }
        ran.said.extend(serving::unserved(&ran.stages.albs));
        ran.said.extend(self.serving.update(&ran.stages.albs, endpoints, &ran.stages.snapshot)?);
        ran.said = without_repetition(std::mem::take(&mut ran.said), &ran.sources);
        self.serving.set_diagnostics(&ran.said);
        self.leave_out_heard(&mut ran.said);
        ran.report().map_err(Failure::system("writing to stderr"))?;
        self.show(&ran.stages).map_err(Failure::system("writing to stdout"))?;
        let flawed = last_good::refused(&ran.stages.diagnostics, &ran.stages.sources);
        self.last_good = Some(LastGood::new(&reading, flawed));
        Ok(())
    }

    /// Errors are said every time, since they are about what isn't served; the rest only when it's new.
    fn leave_out_heard(&mut self, said: &mut Vec<Diagnostic>) {
        let identity = |diagnostic: &Diagnostic| format!("{:?} {diagnostic}", diagnostic.place);
        let now = said.iter().map(identity).collect();
        let before = std::mem::replace(&mut self.heard, now);
        said.retain(|diagnostic| {
            diagnostic.severity == Severity::Error || !before.contains(&identity(diagnostic))
        });
    }

    /// Runs the stages; a second time if an object was refused that has an earlier version to go back to.
    fn run_stages(&self, reading: &mut Reading) -> Ran {
        let mut kept = self.last_good.as_ref().map_or(Vec::new(), |good| good.restore_unread(reading));
        let base = || Settings { target: Target::Gateway, ..Settings::default() };
        let first = pipeline::run(reading, base(), |settings| self.args.settings.over(settings));
        let (said, sources) = (first.diagnostics.clone(), first.sources.clone());
        let restored =
            self.last_good.as_ref().map_or(Vec::new(), |good| good.restore_refused(reading, &said, &sources));
        if restored.is_empty() {
            return Ran { stages: first, said, sources, kept };
        }
        kept.extend(restored);
        let stages = pipeline::run(reading, base(), |settings| self.args.settings.over(settings));
        Ran { stages, said, sources, kept }
    }

    fn endpoints(&mut self, stages: &Stages) -> io::Result<BTreeMap<Backend, Vec<SocketAddr>>> {
        let mut found = BTreeMap::new();
        for backend in serving::backends(&stages.albs) {
            let addresses = endpoints::addresses(&backend, stages, &self.args.backends, &mut self.builtin)?;
            found.insert(backend, addresses);
        }
        Ok(found)
    }

    /// Prints what is served: all of it at first, then what is different.
    fn show(&mut self, stages: &Stages) -> io::Result<()> {
        let board = Board::new(&stages.albs, &self.serving);
        let mut out = anstream::stdout().lock();
        if self.last_good.is_none() {
            board.print(&mut out)?;
            let names: Vec<_> =
                self.args.inputs.paths().iter().map(|path| path.display().to_string()).collect();
            writeln!(
                anstream::stderr(),
                "watching {} · Ctrl-C to stop · `net-alb explain` says why a request goes where it goes",
                names.join(", ")
            )?;
        } else if !board.print_changes(&self.board, &mut out)? {
            writeln!(anstream::stderr(), "read again; nothing that is served has changed")?;
        }
        self.board = board;
        Ok(())
    }
}

/// What one reading came to.
struct Ran {
    /// What is served.
    stages: Stages,
    /// What there is to say about what was read, which may not be what is served.
    said: Vec<Diagnostic>,
    /// Where that stands.
    sources: SourceMap,
    /// What is served in an earlier version.
    kept: Vec<ObjectRef>,
}

impl Ran {
    fn report(&self) -> io::Result<()> {
        let mut out = anstream::stderr().lock();
        print_report(&mut out, &self.said, &self.sources, Style::Text)?;
        for object in self.kept.iter().take(SHOWN) {
            writeln!(out, "{object} is served as it was before this change")?;
        }
        if self.kept.len() > SHOWN {
            writeln!(out, "… and {} more", self.kept.len() - SHOWN)?;
        }
        if !self.kept.is_empty() {
            writeln!(out, "traffic is unharmed")?;
        }
        Ok(())
    }
}
