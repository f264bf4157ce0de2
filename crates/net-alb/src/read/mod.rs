//! Files to a [`Snapshot`], and a [`SourceMap`] that leads back.
//!
//! Parsing never fails as a whole: a broken document or a refused object is a diagnostic, and its neighbours are read.
//! Objects are read as strictly as the API server does with `kubectl apply --validate=strict`, since a laptop is where
//! a typing error should be found.

mod files;
mod object;
mod parse;
mod problem;
mod scalar;
mod source;
mod strict;
mod tree;

pub(crate) use files::{STDIN, Text, Unreadable, is_stdin, texts};
pub(crate) use source::{Located, SourceMap};

use net_alb_api::{Object, Snapshot};
use net_alb_diag::codes::read;
use net_alb_diag::{Diagnostic, ObjectRef, Place};
use object::Found;
use problem::Problem;
use source::SourceFile;
use std::collections::BTreeMap;
use std::sync::Arc;
use tree::Node;

/// A file larger than this is no file of Kubernetes objects: etcd takes 1.5 MiB an object.
const MAX_BYTES: usize = 64 << 20;

/// Everything that was read.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    pub(crate) objects: BTreeMap<ObjectRef, Given>,
    pub(crate) sources: SourceMap,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Objects with a name that were refused.
    pub(crate) refused: Vec<ObjectRef>,
    /// Files with a document whose objects can't be told, and empty ones: somebody may be writing them.
    pub(crate) broken: Vec<String>,
}

/// An object and the file that gives it.
#[derive(Debug, Clone)]
pub(crate) struct Given {
    pub(crate) object: Arc<Object>,
    pub(crate) file: String,
}

/// What a file holds, whatever the other files hold.
#[derive(Debug)]
struct FileReading {
    file: Arc<SourceFile>,
    problems: Vec<Problem>,
    found: Vec<Found>,
    broken: bool,
}

/// Reads texts, and remembers each file's last reading: what hasn't changed isn't parsed again.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    last: BTreeMap<String, Arc<FileReading>>,
}

impl Reader {
    /// Reads all of `texts`.
    pub(crate) fn read(&mut self, texts: Vec<Text>) -> Reading {
        let mut reading = Reading::default();
        let mut kept = BTreeMap::new();
        for text in texts {
            let name = text.name.clone();
            let last = self.last.remove(&name).filter(|last| last.file.text.as_bytes() == text.bytes);
            let file = last.unwrap_or_else(|| Arc::new(read_file(text)));
            reading.add(&file);
            kept.insert(name, file);
        }
        self.last = kept;
        reading
    }
}

fn read_file(text: Text) -> FileReading {
    let Text { name, bytes } = text;
    let refuse = |name: String, code, message: String| {
        let problem = Problem::new(code, tree::Span::default(), message);
        let file = Arc::new(SourceFile::new(name, "".into()));
        FileReading { file, problems: vec![problem], found: Vec::new(), broken: true }
    };
    if bytes.len() > MAX_BYTES {
        let message = format!("the file has {} bytes, and at most {MAX_BYTES} are read", bytes.len());
        return refuse(name, &read::YAML_TOO_LARGE, message);
    }
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            return refuse(
                name,
                &read::NOT_TEXT,
                format!("the file is no UTF-8 text: byte {at} is no part of any"),
            );
        }
    };
    let (mut problems, mut found, mut broken) = (Vec::new(), Vec::new(), text.trim().is_empty());
    for document in parse::documents(&text) {
        let usable = document.problems.iter().all(|problem| !problem.is_error());
        let root = document.root.filter(|root| usable || has_name(root));
        broken |= root.is_none() && !usable;
        let objects = root.map(|root| object::objects(&text, &root)).unwrap_or_default();
        // A document with a key twice is an object that the API server refuses.
        found.extend(
            objects.into_iter().map(|found| Found { object: found.object.filter(|_| usable), ..found }),
        );
        problems.extend(document.problems);
    }
    FileReading { file: Arc::new(SourceFile::new(name, text.into())), problems, found, broken }
}

fn has_name(root: &Node) -> bool {
    root.get("metadata").is_some_and(|metadata| metadata.get("name").is_some())
}

impl Reading {
    /// What the stages start from.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let mut snapshot = Snapshot::default();
        for given in self.objects.values() {
            snapshot.insert((*given.object).clone());
        }
        snapshot
    }

    fn add(&mut self, reading: &FileReading) {
        let file = self.sources.add_file(reading.file.clone());
        let mut problems: Vec<&Problem> = reading.problems.iter().collect();
        problems.extend(reading.found.iter().flat_map(|found| &found.problems));
        problems.sort_by_key(|problem| problem.span);
        for problem in problems {
            let diagnostic = self.diagnostic(file, problem);
            self.diagnostics.push(diagnostic);
        }
        self.broken.extend(reading.broken.then(|| reading.file.name.clone()));
        for found in &reading.found {
            self.add_object(file, &reading.file.name, found);
        }
    }

    fn add_object(&mut self, file: usize, name: &str, found: &Found) {
        let Some(object) = &found.object else {
            self.refused.extend(object::reference(&found.node));
            return;
        };
        let reference = object.to_ref();
        if !self.objects.contains_key(&reference) {
            self.sources.add_object(reference.clone(), file, found.node.clone());
            let given = Given { object: Arc::clone(object), file: name.to_owned() };
            self.objects.insert(reference, given);
            return;
        }
        let place = self.sources.place(file, found.node.face());
        let message = format!("{reference} is here a second time; the first one counts");
        let mut diagnostic = Diagnostic::at(&read::DUPLICATE_OBJECT, place, message)
            .help("give it another name or namespace, or remove it");
        if let Some(first) = self.sources.object_place(&reference) {
            diagnostic = diagnostic.related(first, "first here");
        }
        self.diagnostics.push(diagnostic);
    }

    fn diagnostic(&mut self, file: usize, problem: &Problem) -> Diagnostic {
        let place = self.sources.place(file, problem.span);
        let mut diagnostic = Diagnostic::at(problem.code, place, problem.message.clone());
        diagnostic.help.clone_from(&problem.help);
        // `kubectl apply` keeps the whole of an object, a Secret's values too, in an annotation.
        let secret = self.sources.locate(&diagnostic.place).is_some_and(|located| !located.visible);
        if secret && problem.code == &read::ANNOTATION_NOT_STRING {
            "an annotation of this Secret is no string; what is there is not shown"
                .clone_into(&mut diagnostic.message);
            diagnostic.help = Some(read::ANNOTATION_NOT_STRING.fix.to_owned());
        }
        for (span, note) in &problem.related {
            let place: Place = self.sources.place(file, *span);
            diagnostic = diagnostic.related(place, *note);
        }
        diagnostic
    }
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
