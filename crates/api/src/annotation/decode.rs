//! Reads the JSON of annotations as Alibaba's controller does, but tells what it would do in silence.
//!
//! Go's decoder rules: object keys and `type` in any case of letters, unknown keys without effect, `null` as if it
//! weren't there. Both forms are read: today's arrays and the single object of Knative's first ALB bridge.
//! A message says where in the JSON it points: `[1].forwardConfig.serverGroups[0].servicePort`.

mod action;
mod condition;
mod json;
mod listen_ports;
mod target_headers;

pub use listen_ports::{ListenPort, listen_ports};
pub use target_headers::target_headers;

use super::{Action, Condition};
use crate::config::{AnnotationFormat, Settings};
use json::Json;
use net_alb_diag::codes::build;
use net_alb_diag::{Code, Diagnostic, FieldPath, ObjectRef, Outcome, Severity, nearest};
use std::collections::BTreeMap;

/// Where a text comes from, and for whom it is read.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The object that carries the annotation.
    pub object: &'a ObjectRef,
    /// The annotation's key.
    pub key: &'a str,
    /// What is said about JSON that only Alibaba's controller refuses.
    pub settings: &'a Settings,
}

/// Reads `actions.NAME`. An action that can't be read is missing from the value and has an error: the whole list is
/// refused then, since an action less is another rule.
pub fn actions(text: &str, source: Source<'_>) -> Outcome<Vec<Action>> {
    let mut reader = Reader::new(source);
    let json = reader.parse(text);
    let value = json.map(|json| action::read(&mut reader, &json)).unwrap_or_default();
    reader.finish(value)
}

/// Reads `conditions.NAME`. A condition that can't be read is missing from the value and has an error: the whole list
/// is refused then, since a condition less lets more requests through. An empty text is an empty list.
pub fn conditions(text: &str, source: Source<'_>) -> Outcome<Vec<Condition>> {
    let mut reader = Reader::new(source);
    if text.is_empty() {
        return reader.finish(Vec::new());
    }
    let json = reader.parse(text);
    let value = json.map(|json| condition::read(&mut reader, &json)).unwrap_or_default();
    reader.finish(value)
}

/// A value and where it is.
#[derive(Clone)]
struct Node<'j> {
    json: &'j Json,
    at: FieldPath,
}

impl Node<'_> {
    /// How a message names the place.
    fn name(&self) -> String {
        name(&self.at)
    }
}

fn name(at: &FieldPath) -> String {
    if at.segments().is_empty() { "the value".to_owned() } else { format!("`{at}`") }
}

/// Help for a word that is none of `known`.
fn did_you_mean<'k>(typed: &str, known: impl Iterator<Item = &'k str> + Clone) -> String {
    match nearest(typed, known.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known are `{}`", known.collect::<Vec<_>>().join("`, `")),
    }
}

/// An object's fields by the known spelling of their keys.
struct Fields<'j> {
    at: FieldPath,
    fields: BTreeMap<&'static str, Node<'j>>,
}

impl<'j> Fields<'j> {
    fn get(&self, key: &'static str) -> Option<&Node<'j>> {
        self.fields.get(key).filter(|node| !matches!(node.json, Json::Null))
    }
}

struct Reader<'a> {
    source: Source<'a>,
    diagnostics: Vec<Diagnostic>,
    /// What makes this the article's form.
    article: Vec<&'static str>,
}

impl<'a> Reader<'a> {
    fn new(source: Source<'a>) -> Self {
        Reader { source, diagnostics: Vec::new(), article: Vec::new() }
    }

    fn finish<T>(mut self, value: T) -> Outcome<T> {
        if !self.article.is_empty() {
            let message = format!(
                "the old form of Knative's first ALB bridge: {}",
                std::mem::take(&mut self.article).join(", ")
            );
            let severity = match self.source.settings.annotation_format {
                AnnotationFormat::Article => Severity::Note,
                AnnotationFormat::Current => self.source.settings.target.alb_limit(),
            };
            let help = "write `[{\"type\": \"ForwardGroup\", \"ForwardConfig\": {\"ServerGroups\": […]}}]`";
            self.say(&build::ARTICLE_FORM, message, help).severity = severity;
        }
        Outcome { value, diagnostics: self.diagnostics }
    }

    fn parse(&mut self, text: &str) -> Option<Json> {
        match serde_json::from_str(text) {
            Ok(json) => Some(json),
            Err(error) => {
                let what = if text.trim().is_empty() { "an empty text".into() } else { error.to_string() };
                self.say(&build::BROKEN_JSON, format!("no valid JSON: {what}"), "");
                None
            }
        }
    }

    fn say(&mut self, code: &'static Code, message: String, help: &str) -> &mut Diagnostic {
        let path = FieldPath::annotation(self.source.key);
        let mut diagnostic = Diagnostic::new(code, self.source.object.clone(), path, message);
        if !help.is_empty() {
            diagnostic.help = Some(help.to_owned());
        }
        self.diagnostics.push(diagnostic);
        self.diagnostics.last_mut().expect("one was pushed just now")
    }

    /// JSON that Go's decoder refuses although its meaning is clear.
    fn loose(&mut self, node: &Node<'_>, should_be: &str) {
        let message = format!("{} is {}, which Alibaba's controller refuses", node.name(), node.json);
        let severity = self.source.settings.target.alb_limit();
        self.say(&build::LOOSE_JSON, message, &format!("write {should_be}")).severity = severity;
    }

    fn bad(&mut self, node: &Node<'_>, wanted: &str) {
        let message = format!("{} must be {wanted}, but is {}", node.name(), node.json);
        self.say(&build::BAD_JSON_VALUE, message, "");
    }

    fn missing(&mut self, at: &FieldPath, field: &str) {
        self.say(&build::MISSING_JSON_FIELD, format!("{} lacks `{field}`", name(at)), "");
    }

    /// The elements of an array.
    fn array<'j>(&mut self, node: &Node<'j>) -> Option<Vec<Node<'j>>> {
        let Json::Array(elements) = node.json else {
            self.bad(node, "an array");
            return None;
        };
        let nodes = elements.iter().enumerate();
        Some(nodes.map(|(i, json)| Node { json, at: node.at.index(i) }).collect())
    }

    /// The fields of an object, by `known`; what else is there gets a warning.
    fn object<'j>(&mut self, node: &Node<'j>, known: &[&'static str]) -> Option<Fields<'j>> {
        let Json::Object(entries) = node.json else {
            self.bad(node, "an object");
            return None;
        };
        let mut fields = BTreeMap::new();
        for (key, json) in entries {
            let Some(field) = known.iter().find(|known| known.eq_ignore_ascii_case(key)) else {
                let help = did_you_mean(key, known.iter().copied());
                self.say(
                    &build::UNKNOWN_JSON_KEY,
                    format!("{} has an unknown key `{key}`", node.name()),
                    &help,
                );
                continue;
            };
            if fields.insert(*field, Node { json, at: node.at.key(key.clone()) }).is_some() {
                let message = format!("{} has the key `{key}` twice; the last one counts", node.name());
                self.say(&build::UNKNOWN_JSON_KEY, message, "take one out");
            }
        }
        Some(Fields { at: node.at.clone(), fields })
    }

    /// A text; `""` if it isn't there.
    fn text(&mut self, fields: &Fields<'_>, key: &'static str) -> Option<String> {
        let Some(node) = fields.get(key) else { return Some(String::new()) };
        self.string(node)
    }

    /// A text that must be there.
    fn required_text(&mut self, fields: &Fields<'_>, key: &'static str) -> Option<String> {
        let text = self.text(fields, key)?;
        if text.is_empty() {
            self.missing(&fields.at, key);
            return None;
        }
        Some(text)
    }

    fn string(&mut self, node: &Node<'_>) -> Option<String> {
        match node.json {
            Json::String(text) => Some(text.clone()),
            Json::Number(number) => {
                self.loose(node, &format!("`\"{number}\"`"));
                Some(number.to_string())
            }
            _ => {
                self.bad(node, "a text");
                None
            }
        }
    }

    /// A whole number in a range, if it is there: `Some(None)` if not.
    #[allow(clippy::option_option, reason = "the outer one says refused, the inner one absent")]
    fn integer(
        &mut self,
        fields: &Fields<'_>,
        key: &'static str,
        (min, max): (i64, i64),
    ) -> Option<Option<i64>> {
        let Some(node) = fields.get(key) else { return Some(None) };
        let number = match node.json {
            Json::Number(number) => number.as_i64(),
            Json::String(text) => text.parse().ok(),
            _ => None,
        };
        let Some(number) = number.filter(|number| (min..=max).contains(number)) else {
            self.bad(node, &format!("a whole number from {min} to {max}"));
            return None;
        };
        if matches!(node.json, Json::String(_)) {
            self.loose(node, &format!("`{number}`"));
        }
        Some(Some(number))
    }

    /// `true` or `false`; `false` if it isn't there.
    fn flag(&mut self, fields: &Fields<'_>, key: &'static str) -> Option<bool> {
        let Some(node) = fields.get(key) else { return Some(false) };
        if let Json::Bool(flag) = node.json {
            return Some(*flag);
        }
        self.bad(node, "`true` or `false`");
        None
    }

    /// The field that `type` calls for; the fields of other types get a warning unless they are empty.
    fn config<'j>(&mut self, fields: &Fields<'j>, kind: &str, config: &'static str) -> Option<Node<'j>> {
        for (key, node) in &fields.fields {
            if key.ends_with("Config") && *key != config && !node.json.is_empty() {
                let message = format!("`{}` has no effect on a `{kind}`", node.at);
                self.say(&build::UNKNOWN_JSON_KEY, message, "take it out");
            }
        }
        let node = fields.get(config);
        if node.is_none() {
            self.missing(&fields.at, config);
        }
        node.cloned()
    }
}

#[cfg(test)]
mod tests;
