//! Files to objects, and a [`SourceMap`] that leads back.
//!
//! Parsing never fails as a whole: a broken document or a refused object is a diagnostic, and its neighbours are read.
//! Objects are read as strictly as the API server does with `kubectl apply --validate=strict`, since a laptop is where
//! a typing error should be found.

mod files;
mod follow;
mod object;
mod parse;
mod piece;
mod problem;
mod scalar;
mod source;
mod strict;
mod tree;

pub(crate) use files::{Text, Unreadable, is_stdin, texts};
pub(crate) use follow::{Files, Saved};
pub(crate) use source::{Located, SourceMap};

use net_alb_api::Object;
use net_alb_diag::codes::read;
use net_alb_diag::{Diagnostic, ObjectRef, Place};
use object::Found;
use piece::Piece;
use problem::Problem;
use source::SourceFile;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A file larger than this is no file of Kubernetes objects: etcd takes 1.5 MiB an object.
const MAX_BYTES: usize = 64 << 20;

/// Everything that was read.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    pub(crate) objects: BTreeMap<ObjectRef, Arc<Object>>,
    pub(crate) sources: SourceMap,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// Reads all of `texts`, once.
pub(crate) fn read(texts: Vec<Text>) -> Reading {
    let mut reading = Reading::default();
    for text in texts {
        let (file, problem) = open(text);
        let number = reading.sources.add_file(Arc::clone(&file));
        let diagnostic = problem.map(|problem| reading.sources.diagnostic(number, 0, &problem));
        reading.diagnostics.extend(diagnostic);
        for range in piece::pieces(&file.text) {
            reading.add(number, &Piece::read(&file.text, range));
        }
    }
    reading
}

/// A file's text; nothing, with the reason, if it can't be read as one.
fn open(text: Text) -> (Arc<SourceFile>, Option<Problem>) {
    let Text { name, bytes } = text;
    let refuse = |name: String, code, message: String| {
        let problem = Problem::new(code, tree::Span::default(), message);
        (Arc::new(SourceFile::new(name, String::new())), Some(problem))
    };
    if bytes.len() > MAX_BYTES {
        let message = format!("the file has {} bytes, and at most {MAX_BYTES} are read", bytes.len());
        return refuse(name, &read::YAML_TOO_LARGE, message);
    }
    match String::from_utf8(bytes) {
        Ok(text) => (Arc::new(SourceFile::new(name, text)), None),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            refuse(name, &read::NOT_TEXT, format!("the file is no UTF-8 text: byte {at} is no part of any"))
        }
    }
}

impl Reading {
    fn add(&mut self, file: usize, piece: &Piece) {
        for problem in piece.all_problems() {
            let diagnostic = self.sources.diagnostic(file, piece.offset, problem);
            self.diagnostics.push(diagnostic);
        }
        for found in &piece.found {
            self.add_object(file, piece.offset, found);
        }
    }

    fn add_object(&mut self, file: usize, offset: usize, found: &Found) {
        let Some(object) = &found.object else { return };
        let reference = object.to_ref();
        if self.objects.contains_key(&reference) {
            let place = self.sources.place(file, found.node.face().after(offset));
            let first = self.sources.object_place(&reference);
            self.diagnostics.push(twice(&reference, place, first));
            return;
        }
        self.sources.add_object(reference.clone(), file, offset, found.node.clone());
        self.objects.insert(reference, Arc::clone(object));
    }
}

/// What to say of an object that stands somewhere else already.
fn twice(object: &ObjectRef, place: Place, first: Option<Place>) -> Diagnostic {
    let message = format!("{object} is here a second time; the first one counts");
    let diagnostic = Diagnostic::at(&read::DUPLICATE_OBJECT, place, message)
        .help("give it another name or namespace, or remove it");
    match first {
        Some(first) => diagnostic.related(first, "first here"),
        None => diagnostic,
    }
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
