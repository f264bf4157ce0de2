//! A document to an object: which kind it is, whether it has a name, and its fields.

use super::problem::Problem;
use super::strict;
use super::tree::{Entry, Node, Span, Value};
use net_alb_api::{Object, ObjectKey};
use net_alb_diag::codes::read;
use net_alb_diag::{ObjectRef, nearest};
use std::sync::Arc;

/// An object of a document, or what is wrong with it.
#[derive(Debug)]
pub(super) struct Found {
    /// `None` if it was refused or is of no use. With problems it is the object without the annotations that these are about.
    pub(super) object: Option<Arc<Object>>,
    pub(super) problems: Vec<Problem>,
    /// The object's own part of the tree: a list's element, else the whole document.
    pub(super) node: Node,
}

/// The objects of a document: one, or the items of a `List`.
pub(super) fn objects(text: &str, root: &Node) -> Vec<Found> {
    match &root.value {
        Value::Null => Vec::new(),
        Value::Map(_) if is_list(root) => {
            let items = root.get("items").map(Node::items).unwrap_or_default();
            items.iter().map(|item| object(text, item)).collect()
        }
        _ => vec![object(text, root)],
    }
}

fn is_list(root: &Node) -> bool {
    let kind = root.get("kind").and_then(Node::text).unwrap_or_default();
    kind.ends_with("List") && root.get("items").is_some_and(|items| matches!(items.value, Value::List(_)))
}

fn object(text: &str, node: &Node) -> Found {
    let refused = |problems| Found { object: None, problems, node: node.clone() };
    let (api_version, kind) = match header(node) {
        Ok(header) => header,
        Err(problem) => return refused(vec![problem]),
    };
    let known = Object::kinds().contains(&(api_version, kind));
    if !known {
        return refused(vec![unknown_kind(node, api_version, kind)]);
    }
    let node = without_managed_fields(node);
    let (object, mut problems) =
        strict::read(text, &node, |deserializer| Object::read(api_version, kind, deserializer));
    problems.extend(check_name(&node, kind));
    if kind == "Secret" {
        for problem in &mut problems {
            hide_value(&node, problem);
        }
    }
    let object = object.filter(|_| problems.iter().all(Problem::is_about_annotation)).map(Arc::new);
    Found { object, problems, node }
}

/// Names the object that a document describes, however wrong the rest of it is.
pub(super) fn reference(node: &Node) -> Option<ObjectRef> {
    let (api_version, kind) = header(node).ok()?;
    let metadata = node.get("metadata")?;
    let name = metadata.get("name")?.text()?;
    let group = api_version.rsplit_once('/').map_or("", |(group, _)| group);
    let namespace = match kind {
        "IngressClass" | "AlbConfig" => "",
        _ => metadata.get("namespace").and_then(Node::text).unwrap_or("default"),
    };
    Some(ObjectKey::new(namespace, name).to_ref(group, kind))
}

/// A message never shows what is in a Secret.
fn hide_value(secret: &Node, problem: &mut Problem) {
    for section in ["data", "stringData"] {
        let Some(entry) = secret.entry(section) else { continue };
        let inside = |span: Span| span.start <= problem.span.start && problem.span.end <= span.end;
        if problem.code == &read::WRONG_VALUE && inside(entry.value.span) {
            let within = entry.value.entries().iter().find(|entry| inside(entry.value.span));
            let key = within.map_or(String::new(), |entry| format!("[{:?}]", entry.key));
            let shape = if section == "data" { "base64 text" } else { "a string" };
            problem.message = format!("`{section}{key}` must be {shape}; what is there is not shown");
            problem.help = Some("put it between quotes, or let `kubectl create secret` write it".to_owned());
        }
    }
}

fn header(node: &Node) -> Result<(&str, &str), Problem> {
    if !matches!(node.value, Value::Map(_)) {
        let message = format!("an object is a map with `apiVersion` and `kind`, not {}", node.describe());
        return Err(Problem::new(&read::NOT_AN_OBJECT, node.span, message));
    }
    let word = |key: &str| {
        let at = node.entries().first().map_or(node.span, |entry| entry.key_span);
        match node.entry(key) {
            None => {
                let help = format!("add `{key}: …`; known are {}", known_kinds());
                Err(Problem::new(&read::NOT_AN_OBJECT, at, format!("the object has no `{key}`")).help(help))
            }
            Some(Entry { value, key_span, .. }) => {
                value.text().filter(|text| !text.is_empty()).ok_or_else(|| {
                    let message = format!("`{key}` must be a string, not {}", value.describe());
                    Problem::new(&read::NOT_AN_OBJECT, *key_span, message)
                })
            }
        }
    };
    Ok((word("apiVersion")?, word("kind")?))
}

fn known_kinds() -> String {
    let kinds: Vec<_> =
        Object::kinds().iter().map(|(version, kind)| format!("`{version}` `{kind}`")).collect();
    kinds.join(", ")
}

/// A kind that is nearly one we know is a mistake; any other belongs to somebody else.
fn unknown_kind(node: &Node, api_version: &str, kind: &str) -> Problem {
    let kinds = Object::kinds();
    let group = |version: &str| version.rsplit_once('/').map_or(String::new(), |(group, _)| group.to_owned());
    let place = |key| node.get(key).map_or(node.span, |value| value.span);
    if let Some((version, _)) = kinds.iter().find(|(v, k)| *k == kind && group(v) == group(api_version)) {
        let message = format!("`{kind}` is read in the version `{version}`, not `{api_version}`");
        return Problem::new(&read::UNKNOWN_KIND, place("apiVersion"), message)
            .help(format!("write `apiVersion: {version}` and check the fields against that version"));
    }
    let same_version = kinds.iter().filter(|(version, _)| *version == api_version).map(|(_, kind)| *kind);
    if let Some(near) = nearest(kind, same_version) {
        let message = format!("`{api_version}` has no kind `{kind}`");
        return Problem::new(&read::UNKNOWN_KIND, place("kind"), message)
            .help(format!("did you mean `{near}`?"));
    }
    let same_kind = kinds.iter().filter(|(_, known)| *known == kind).map(|(version, _)| *version);
    if let Some(near) = nearest(api_version, same_kind).filter(|near| group(near) != group(api_version)) {
        let message = format!("there is no `{kind}` in `{api_version}`");
        return Problem::new(&read::UNKNOWN_KIND, place("apiVersion"), message)
            .help(format!("did you mean `{near}`?"));
    }
    let message = format!("net-alb has no use for `{api_version}` `{kind}` and passes it over");
    Problem::new(&read::UNUSED_KIND, place("kind"), message)
}

/// `metadata.managedFields` is a cluster's bookkeeping, as large as the object.
fn without_managed_fields(node: &Node) -> Node {
    let is_managed = |entry: &Entry| &*entry.key == "managedFields";
    if !node.get("metadata").is_some_and(|metadata| metadata.entries().iter().any(is_managed)) {
        return node.clone();
    }
    let mut entries = node.entries().to_vec();
    for entry in entries.iter_mut().filter(|entry| &*entry.key == "metadata") {
        let kept: Vec<_> = entry.value.entries().iter().filter(|entry| !is_managed(entry)).cloned().collect();
        entry.value.value = Value::Map(kept.into());
    }
    Node { span: node.span, value: Value::Map(entries.into()) }
}

/// Source: Kubernetes, "Object Names and IDs": DNS labels (Services) and DNS subdomains (the rest).
fn check_name(node: &Node, kind: &str) -> Option<Problem> {
    let metadata = node.entry("metadata");
    let place = metadata.or(node.entries().first()).map_or(node.span, |entry| entry.key_span);
    let Some(name) = metadata.and_then(|metadata| metadata.value.get("name")) else {
        let message = "the object has no `metadata.name`";
        return Some(Problem::new(&read::BAD_NAME, place, message).help("add `metadata.name`"));
    };
    let label = kind == "Service";
    check_words(name, "metadata.name", if label { 63 } else { 253 }, !label).or_else(|| {
        let namespace = metadata?.value.get("namespace")?;
        check_words(namespace, "metadata.namespace", 63, false)
    })
}

fn check_words(node: &Node, field: &str, limit: usize, dots: bool) -> Option<Problem> {
    let text = node.text()?; // anything else is a wrong value already
    let word = |word: &str| {
        let ends = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        word.starts_with(ends) && word.ends_with(ends) && word.chars().all(|c| ends(c) || c == '-')
    };
    let good = text.len() <= limit && if dots { text.split('.').all(word) } else { word(text) };
    let shape = if dots { "letters, digits, `-` and `.`" } else { "letters, digits and `-`" };
    (!good).then(|| {
        let message = format!("`{text}` can't be `{field}`: it takes at most {limit} lower-case {shape}");
        Problem::new(&read::BAD_NAME, node.span, message)
    })
}
