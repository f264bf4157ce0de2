//! What serde says when a value doesn't fit, kept apart until its place is known.

use super::super::problem::Problem;
use super::super::tree::Span;
use net_alb_diag::codes::read;
use net_alb_diag::{Code, nearest};
use serde::de::{Error, Expected, Unexpected};
use std::fmt;

/// An error, with its place once the innermost value has put it in.
#[derive(Debug)]
pub(in crate::read) struct ReadError {
    pub(super) span: Option<Span>,
    code: &'static Code,
    message: String,
    help: Option<String>,
    related: Vec<(Span, &'static str)>,
}

impl ReadError {
    fn new(message: String) -> Self {
        ReadError { span: None, code: &read::WRONG_VALUE, message, help: None, related: Vec::new() }
    }

    pub(super) fn with_help(message: String, help: impl Into<String>) -> Self {
        ReadError { help: Some(help.into()), ..ReadError::new(message) }
    }

    /// Puts in the place, unless something further inside has done so.
    pub(super) fn at(mut self, span: Span, path: &dyn fmt::Display) -> Self {
        if self.span.is_none() {
            self.span = Some(span);
            self.message = format!("`{path}` {}", self.message);
        }
        self
    }

    pub(super) fn into_problem(self, span: Span) -> Problem {
        let ReadError { code, message, help, related, .. } = self;
        Problem { code, span, message, help, related }
    }
}

impl From<Problem> for ReadError {
    fn from(problem: Problem) -> Self {
        let Problem { code, span, message, help, related } = problem;
        ReadError { span: Some(span), code, message, help, related }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ReadError {}

impl Error for ReadError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        ReadError::new(format!("is wrong: {message}"))
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        ReadError::new(format!("must be {}, not {}", words(expected), describe(unexpected)))
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        ReadError::new(format!("must be {expected}, not {}", describe(unexpected)))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let words: Vec<_> = expected.iter().map(|word| format!("`{word}`")).collect();
        let error = ReadError::new(format!("must be one of {}, not `{variant}`", words.join(", ")));
        match nearest(variant, expected.iter().copied()) {
            Some(word) => ReadError { help: Some(format!("did you mean `{word}`?")), ..error },
            None => error,
        }
    }

    fn missing_field(field: &'static str) -> Self {
        ReadError::with_help(format!("has no `{field}`"), format!("add `{field}`"))
    }
}

/// serde names Rust's types; a writer of YAML knows other words.
fn words(expected: &dyn Expected) -> String {
    let text = expected.to_string();
    match text.as_str() {
        "i8" | "i16" | "i32" | "i64" => "a whole number".to_owned(),
        "u8" | "u16" | "u32" | "u64" => "a whole number, not negative".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "a sequence" => "a list".to_owned(),
        _ if text.starts_with("struct ") || text.starts_with(char::is_uppercase) => "a map".to_owned(),
        _ => text,
    }
}

fn describe(unexpected: Unexpected<'_>) -> String {
    match unexpected {
        Unexpected::Bool(value) => format!("the boolean `{value}`"),
        Unexpected::Unsigned(value) => format!("the number `{value}`"),
        Unexpected::Signed(value) => format!("the number `{value}`"),
        Unexpected::Float(value) => format!("the number `{value}`"),
        Unexpected::Str(text) => format!("the text `{text}`"),
        Unexpected::Unit | Unexpected::Option => "nothing".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a map".to_owned(),
        other => other.to_string(),
    }
}
