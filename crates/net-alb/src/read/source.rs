//! From a [`Place`] back to a file, a line and a column.

use super::problem::Problem;
use super::tree::{Node, Span};
use net_alb_api::annotation::{ALB, extension};
use net_alb_diag::codes::read;
use net_alb_diag::{Diagnostic, FieldPath, ObjectRef, Place, Segment};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// A file that was read.
#[derive(Debug)]
pub(crate) struct SourceFile {
    pub(crate) name: String,
    pub(crate) text: String,
    /// Where each line begins, in bytes; worked out when a place is asked for.
    lines: OnceLock<Vec<usize>>,
}

impl SourceFile {
    pub(crate) fn new(name: String, text: String) -> Self {
        SourceFile { name, text, lines: OnceLock::new() }
    }

    fn lines(&self) -> &[usize] {
        self.lines.get_or_init(|| {
            let breaks = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect()
        })
    }

    /// Line and column of a byte, both from 1, the column in characters.
    pub(crate) fn position(&self, byte: usize) -> (usize, usize) {
        let line = self.lines().partition_point(|start| *start <= byte).max(1);
        let before = self.text.get(self.lines()[line - 1]..byte).unwrap_or_default();
        (line, before.chars().count() + 1)
    }

    /// The bytes of a line, counted from 1, with its line break.
    pub(crate) fn line_start(&self, line: usize) -> usize {
        self.lines().get(line.saturating_sub(1)).copied().unwrap_or(self.text.len())
    }

    fn offset(&self, line: usize, column: usize) -> usize {
        let start = self.line_start(line);
        let rest = &self.text[start..];
        start + rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(at, _)| at)
    }

    /// Whether the document around a byte is a Secret, so that no line of it may be shown.
    fn is_secret(&self, byte: usize) -> bool {
        let document = |line: &&str| line.starts_with("---");
        let (before, after) = self.text.split_at(byte.min(self.text.len()));
        let head = before.lines().rev().take_while(|line| !document(line));
        let tail = after.lines().take_while(|line| !document(line));
        head.chain(tail).any(|line| line.contains("kind") && line.contains("Secret"))
    }
}

/// A place in a file.
#[derive(Debug)]
pub(crate) struct Located<'m> {
    pub(crate) file: &'m SourceFile,
    /// At most one line of it.
    pub(crate) span: Span,
    /// Whether the line may be printed.
    pub(crate) visible: bool,
}

/// Every file that was read, and which object came from where.
#[derive(Debug, Clone, Default)]
pub(crate) struct SourceMap {
    files: Vec<Arc<SourceFile>>,
    /// The file, where in it the object's document begins, and the document.
    objects: BTreeMap<ObjectRef, (usize, usize, Node)>,
    /// What was made of which object.
    origins: BTreeMap<ObjectRef, ObjectRef>,
    /// The extent of a place that is no object's field.
    spans: BTreeMap<(String, usize, usize), Span>,
}

impl SourceMap {
    /// Adds a file and returns its number.
    pub(super) fn add_file(&mut self, file: Arc<SourceFile>) -> usize {
        self.files.push(file);
        self.files.len() - 1
    }

    pub(super) fn add_object(&mut self, object: ObjectRef, file: usize, offset: usize, node: Node) {
        self.objects.insert(object, (file, offset, node));
    }

    /// Whether an object can be shown.
    pub(super) fn has_object(&self, object: &ObjectRef) -> bool {
        self.objects.contains_key(object)
    }

    /// The file of this name, if it is here.
    pub(super) fn file_number(&self, name: &str) -> Option<usize> {
        self.files.iter().position(|file| file.name == name)
    }

    /// What to say of a problem in the part of a file that begins at `offset`.
    pub(super) fn diagnostic(&mut self, file: usize, offset: usize, problem: &Problem) -> Diagnostic {
        let place = self.place(file, problem.span.after(offset));
        let mut diagnostic = Diagnostic::at(problem.code, place, problem.message.clone());
        diagnostic.help.clone_from(&problem.help);
        // `kubectl apply` keeps the whole of an object, a Secret's values too, in an annotation.
        let secret = self.locate(&diagnostic.place).is_some_and(|located| !located.visible);
        if secret && problem.code == &read::ANNOTATION_NOT_STRING {
            "an annotation of this Secret is no string; what is there is not shown"
                .clone_into(&mut diagnostic.message);
            diagnostic.help = Some(read::ANNOTATION_NOT_STRING.fix.to_owned());
        }
        for (span, note) in &problem.related {
            let place = self.place(file, span.after(offset));
            diagnostic = diagnostic.related(place, *note);
        }
        diagnostic
    }

    /// A place for a stretch of a file.
    pub(super) fn place(&mut self, file: usize, span: Span) -> Place {
        let SourceFile { name, .. } = &*self.files[file];
        let (line, column) = self.files[file].position(span.start);
        self.spans.insert((name.clone(), line, column), span);
        Place::Text { file: name.clone(), line, column }
    }

    /// Where an object begins.
    pub(super) fn object_place(&mut self, object: &ObjectRef) -> Option<Place> {
        let (file, offset, node) = self.objects.get(object)?;
        let (file, span) = (*file, node.face().after(*offset));
        Some(self.place(file, span))
    }

    /// Says that `made` was made of `of`.
    pub(crate) fn add_origin(&mut self, made: ObjectRef, of: ObjectRef) {
        self.origins.insert(made, of);
    }

    /// The object of a file that `object` was made of, itself if it's in a file.
    pub(crate) fn root_of<'a>(&'a self, object: &'a ObjectRef) -> &'a ObjectRef {
        let mut object = object;
        while let Some(origin) = self.origins.get(object).filter(|_| !self.objects.contains_key(object)) {
            object = origin;
        }
        object
    }

    /// The line for a place; `None` for what is in no file.
    pub(crate) fn locate(&self, place: &Place) -> Option<Located<'_>> {
        match place {
            Place::Whole(_) => None,
            Place::Text { file: name, line, column } => {
                let file = self.files.iter().find(|file| file.name == *name)?;
                let start = file.offset(*line, *column);
                let span = self.spans.get(&(name.clone(), *line, *column)).copied();
                let span = span.unwrap_or_else(|| Span::new(start..start));
                Some(Located { file, span: one_line(file, span), visible: !file.is_secret(start) })
            }
            Place::Field { object, path } => {
                let root = self.root_of(object);
                let (file, offset, node) = self.objects.get(root)?;
                let span = if root == object { node.locate(path).1 } else { derived(node, path) };
                let span = span.after(*offset);
                let file = &*self.files[*file];
                Some(Located { file, span: one_line(file, span), visible: root.kind != "Secret" })
            }
        }
    }
}

/// The place in an object that something made of it has to do with: annotations and labels are handed down and stand
/// at the same path; what a rule does comes from the traffic or the rules, everything else from the object as a whole.
fn derived(node: &Node, path: &FieldPath) -> Span {
    let words: Vec<_> = path
        .segments()
        .iter()
        .filter_map(|segment| match segment {
            Segment::Key(key) => Some(key.as_str()),
            Segment::Index(_) => None,
        })
        .collect();
    let found = |path: &FieldPath| {
        let (taken, span) = node.locate(path);
        (taken > 0 && taken == path.segments().len()).then_some(span)
    };
    let routes = || [FieldPath::of("spec.traffic"), FieldPath::of("spec.rules")].iter().find_map(found);
    match words[..] {
        ["metadata", "annotations", key, ..]
            if key.starts_with(ALB) || key.starts_with(extension::PREFIX) =>
        {
            found(path).or_else(routes).unwrap_or_else(|| node.face())
        }
        ["metadata", ..] => found(path).unwrap_or_else(|| node.face()),
        ["spec", "rules", "http", ..] => routes().unwrap_or_else(|| node.face()),
        _ => node.face(),
    }
}

fn one_line(file: &SourceFile, span: Span) -> Span {
    let text = file.text.get(span.range()).unwrap_or_default();
    let length = text.find(['\n', '\r']).unwrap_or(text.len());
    Span::new(span.start..span.start + length)
}
