//! YAML text to trees, one a document. A broken document ends at the next `---`; the others are read all the same.

use super::problem::Problem;
use super::scalar::resolve;
use super::tree::{Entry, Node, Span, Value};
use granit_parser::{Event, Parser, ScalarStyle, ScanError, StrInput, StructureStyle, Tag};
use net_alb_diag::codes::read;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// No Kubernetes object nests deeper; what reads the tree recurses.
const MAX_DEPTH: usize = 100;
/// Nodes that the aliases of one document may stand for in all. A dozen lines of aliases of aliases can mean billions.
const MAX_ALIASED: usize = 100_000;

/// One document of a file.
#[derive(Debug)]
pub(super) struct Document {
    /// `None` if it is broken.
    pub(super) root: Option<Node>,
    /// What is wrong with it as YAML.
    pub(super) problems: Vec<Problem>,
}

/// Reads every document of a text.
pub(super) fn documents(text: &str) -> Vec<Document> {
    let options = granit_parser::options! { flow_nesting_limit: MAX_DEPTH, block_nesting_limit: MAX_DEPTH };
    let mut parser = Parser::new_from_str_with_options(text, options);
    let mut documents = Vec::new();
    loop {
        let end = read_document(text, &mut parser, &mut documents);
        // The parser only stops for good at the end of the text, where there is nothing to go on to.
        if end && !parser.proceed_next_document().unwrap_or(false) {
            return documents;
        }
    }
}

/// Reads events up to the end of a document; `true` if the parser has no more of them.
fn read_document<'t>(text: &'t str, parser: &mut Parser<'t, StrInput<'t>>, out: &mut Vec<Document>) -> bool {
    let mut builder = Builder::new(text);
    loop {
        match parser.next_event() {
            None | Some(Ok((Event::StreamEnd, _))) => return true,
            Some(Ok((Event::DocumentEnd, _))) => {
                out.push(Document { root: builder.root, problems: builder.problems });
                return false;
            }
            Some(Ok((event, span))) => {
                let span = Span::new(span.byte_range().unwrap_or_default());
                if let Err(problem) = builder.take(event, span) {
                    builder.problems.push(problem);
                    out.push(Document { root: None, problems: builder.problems });
                    return true;
                }
            }
            Some(Err(error)) => {
                let problem = builder.broken(&error);
                builder.problems.push(problem);
                out.push(Document { root: None, problems: builder.problems });
                return true;
            }
        }
    }
}

/// A list or map whose end hasn't come yet.
struct Open {
    span: Span,
    /// Between brackets or braces.
    flow: bool,
    anchor: usize,
    size: Size,
    inside: Inside,
}

/// How big a node is with its aliases written out.
#[derive(Clone, Copy)]
struct Size {
    nodes: usize,
    depth: usize,
}

impl Size {
    const ONE: Size = Size { nodes: 1, depth: 1 };

    fn add(&mut self, child: Size) {
        self.nodes = self.nodes.saturating_add(child.nodes);
        self.depth = self.depth.max(child.depth + 1);
    }
}

enum Inside {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, seen: BTreeMap<Arc<str>, Span>, key: Option<(Arc<str>, Span)> },
}

struct Builder<'t> {
    text: &'t str,
    root: Option<Node>,
    open: Vec<Open>,
    anchors: BTreeMap<usize, (Node, Size)>,
    aliased: usize,
    problems: Vec<Problem>,
}

impl<'t> Builder<'t> {
    fn new(text: &'t str) -> Self {
        let (open, anchors, problems) = (Vec::new(), BTreeMap::new(), Vec::new());
        Builder { text, root: None, open, anchors, aliased: 0, problems }
    }

    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Problem> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let value = self.scalar(&text, style, tag.as_deref(), span);
                self.add(Node { span, value }, anchor, Size::ONE);
            }
            Event::SequenceStart(style, anchor, _) => {
                self.start(span, style, anchor, Inside::List(Vec::new()))?;
            }
            Event::MappingStart(style, anchor, _) => {
                let inside = Inside::Map { entries: Vec::new(), seen: BTreeMap::new(), key: None };
                self.start(span, style, anchor, inside)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            Event::Alias(anchor) => self.alias(anchor, span)?,
            _ => {}
        }
        Ok(())
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>, span: Span) -> Value {
        match tag.map(Tag::core_suffix) {
            None if style == ScalarStyle::Plain => resolve(text),
            None | Some(Some("str")) => Value::Text(text.into()),
            Some(Some("int" | "float" | "bool" | "null")) => resolve(text),
            Some(_) => {
                let tag = tag.map(Tag::original).unwrap_or_default();
                let message = format!("the tag `{tag}` has no meaning in a Kubernetes object");
                self.problems.push(Problem::new(&read::BROKEN_YAML, span, message).help("remove the tag"));
                Value::Text(text.into())
            }
        }
    }

    fn start(
        &mut self,
        span: Span,
        style: StructureStyle,
        anchor: usize,
        inside: Inside,
    ) -> Result<(), Problem> {
        self.check_depth(1, span)?;
        self.open.push(Open { span, flow: style == StructureStyle::Flow, anchor, size: Size::ONE, inside });
        Ok(())
    }

    fn check_depth(&self, more: usize, span: Span) -> Result<(), Problem> {
        if self.open.len() + more <= MAX_DEPTH {
            return Ok(());
        }
        let message = format!("lists and maps are nested more than {MAX_DEPTH} deep");
        Err(Problem::new(&read::YAML_TOO_LARGE, span, message))
    }

    fn end(&mut self, span: Span) {
        let Some(open) = self.open.pop() else { return };
        let span = Span::new(open.span.start..self.trim(open.span.start, span.end));
        let value = match open.inside {
            Inside::List(items) => Value::List(items.into()),
            Inside::Map { entries, seen, .. } => Value::Map(merge(entries, &seen).into()),
        };
        self.add(Node { span, value }, open.anchor, open.size);
    }

    /// A block collection ends where the next thing starts; the blank between is not part of it.
    fn trim(&self, start: usize, end: usize) -> usize {
        let inside = self.text.get(start..end).unwrap_or_default();
        start + inside.trim_end().len()
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Problem> {
        let Some((node, size)) = self.anchors.get(&anchor) else {
            let message = "an alias stands inside of what it stands for";
            return Err(Problem::new(&read::BROKEN_YAML, span, message));
        };
        let (node, size) = (Node { span, value: node.value.clone() }, *size);
        self.check_depth(size.depth, span)?;
        self.aliased = self.aliased.saturating_add(size.nodes);
        if self.aliased > MAX_ALIASED {
            let message = format!("the document's aliases stand for more than {MAX_ALIASED} values");
            return Err(Problem::new(&read::YAML_TOO_LARGE, span, message)
                .help("write the values out, or fewer of them"));
        }
        self.add(node, 0, size);
        Ok(())
    }

    fn add(&mut self, node: Node, anchor: usize, size: Size) {
        if anchor != 0 {
            self.anchors.insert(anchor, (node.clone(), size));
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return;
        };
        open.size.add(size);
        match &mut open.inside {
            Inside::List(items) => items.push(node),
            Inside::Map { key: slot @ None, .. } => {
                let key = key_text(&node).unwrap_or_else(|| {
                    let message = format!("a key must be a text, not {}", node.describe());
                    self.problems.push(Problem::new(&read::BROKEN_YAML, node.span, message));
                    Arc::default()
                });
                *slot = Some((key, node.span));
            }
            Inside::Map { entries, seen, key } => {
                let (key, key_span) = key.take().unwrap_or_default();
                if let Some(first) = seen.get(&key) {
                    self.problems.push(
                        Problem::new(
                            &read::DUPLICATE_KEY,
                            key_span,
                            format!("the key `{key}` is here twice"),
                        )
                        .related(*first, "first here")
                        .help("keep one of them"),
                    );
                } else {
                    seen.insert(key.clone(), key_span);
                    entries.push(Entry { key, key_span, value: node });
                }
            }
        }
    }

    fn broken(&self, error: &ScanError) -> Problem {
        if let Some(problem) = self.unquoted_annotation() {
            return problem;
        }
        let at = error.marker().byte_offset().unwrap_or(0).min(self.text.len());
        let width = self.text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        let problem = Problem::new(&read::BROKEN_YAML, Span::new(at..at + width), error.info());
        match self.open.iter().rfind(|open| open.flow) {
            Some(open) => {
                let bracket = if self.text[open.span.start..].starts_with('{') { '}' } else { ']' };
                problem.related(open.span, "this is still open").help(format!("close it with `{bracket}`"))
            }
            None => problem,
        }
    }

    /// Whether the text broke inside of a list or map that is an annotation's value: `key: [{revision:a,headers:{b:c}}]`
    /// without quotes.
    fn unquoted_annotation(&self) -> Option<Problem> {
        let keys = self.open.iter().map(|open| match &open.inside {
            Inside::Map { key, .. } => key.as_ref().map(|(key, _)| &**key),
            Inside::List(_) => None,
        });
        let keys: Vec<_> = keys.collect();
        let at = keys.windows(2).position(|pair| pair == [Some("metadata"), Some("annotations")])?;
        let key = (*keys.get(at + 2)?)?;
        let value = self.open.get(at + 3)?;
        let line_end =
            self.text[value.span.start..].find('\n').map_or(self.text.len(), |n| value.span.start + n);
        let span = Span::new(value.span.start..self.trim(value.span.start, line_end));
        Some(Problem::annotation(self.text, key, span, "a list or map"))
    }
}

/// A key as JSON has it: a number or a boolean becomes its text.
fn key_text(node: &Node) -> Option<Arc<str>> {
    match &node.value {
        Value::Text(text) => Some(text.clone()),
        Value::Null => Some("null".into()),
        Value::Bool(value) => Some(value.to_string().into()),
        Value::Int(value) => Some(value.to_string().into()),
        Value::Unsigned(value) => Some(value.to_string().into()),
        Value::Float(value) => Some(value.to_string().into()),
        Value::List(_) | Value::Map(_) => None,
    }
}

/// YAML 1.1's `<<`: entries of other maps, where this one has none of that name.
fn merge(entries: Vec<Entry>, seen: &BTreeMap<Arc<str>, Span>) -> Vec<Entry> {
    if !seen.contains_key("<<") {
        return entries;
    }
    let (merges, mut own): (Vec<_>, Vec<_>) = entries.into_iter().partition(|entry| &*entry.key == "<<");
    let mut present: BTreeSet<Arc<str>> = seen.keys().cloned().collect();
    for node in merges.iter().map(|entry| &entry.value) {
        let sources = if node.items().is_empty() { std::slice::from_ref(node) } else { node.items() };
        for inherited in sources.iter().flat_map(Node::entries) {
            if present.insert(inherited.key.clone()) {
                own.push(inherited.clone());
            }
        }
    }
    own
}
