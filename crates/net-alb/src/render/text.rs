//! A diagnostic as a compiler prints it: what, where with the line itself, what to do.

use crate::read::{Located, SourceMap};
use annotate_snippets::{Annotation, AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};
use net_alb_diag::{Diagnostic, FieldPath, Place, Severity};
use std::borrow::Cow;
use std::io::{self, Write};

/// One annotation: where, and what to write beside it.
struct Mark<'m> {
    located: Located<'m>,
    note: Option<&'m str>,
}

pub(super) fn print(out: &mut dyn Write, diagnostic: &Diagnostic, sources: &SourceMap) -> io::Result<()> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let mut group = level
        .primary_title(printable(&diagnostic.message))
        .id(diagnostic.code.id)
        .elements(snippets(diagnostic, sources).into_iter().chain(notes(diagnostic, sources)));
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(printable(help)));
    }
    // Colours are always in the text; the stream drops them where there is no terminal or `NO_COLOR` is set.
    let report: &[Group<'_>] = &[group];
    writeln!(out, "{}\n", Renderer::styled().render(report))
}

/// Control characters made visible: a file may not write to the terminal.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(char::is_control) {
        return text.into();
    }
    let visible = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(visible).collect::<String>().into()
}

fn snippets<'m>(diagnostic: &'m Diagnostic, sources: &'m SourceMap) -> Vec<Element<'m>> {
    let mut marks: Vec<Mark<'_>> = Vec::new();
    let main = sources.locate(&diagnostic.place).map(|located| Mark { located, note: None });
    let place = |located: &Located<'_>| (located.file.name.clone(), located.span);
    let first = main.as_ref().map(|mark| place(&mark.located));
    let related = diagnostic.related.iter().filter_map(|related| {
        let located = sources.locate(&related.place)?;
        // What was made of one line can be two things; the line is marked once.
        let new = first.as_ref() != Some(&place(&located));
        new.then_some(Mark { located, note: Some(&related.note) })
    });
    marks.extend(main.into_iter().chain(related));
    let mut elements = Vec::new();
    while let Some(first) = marks.first() {
        let name = first.located.file.name.clone();
        let here: Vec<_> = marks.extract_if(.., |mark| mark.located.file.name == name).collect();
        elements.push(snippet(&here));
    }
    elements
}

/// The marked lines of one file.
fn snippet<'m>(marks: &[Mark<'m>]) -> Element<'m> {
    let file = marks[0].located.file;
    if marks.iter().any(|mark| !mark.located.visible) {
        let (line, column) = file.position(marks[0].located.span.start);
        return Origin::path(&*file.name).line(line).char_column(column).into();
    }
    let lines = marks.iter().map(|mark| file.position(mark.located.span.start).0);
    let (first, last) = (lines.clone().min().unwrap_or(1), lines.max().unwrap_or(1));
    let (start, end) = (file.line_start(first), file.line_start(last + 1));
    let annotation = |mark: &Mark<'m>| -> Annotation<'m> {
        let span = mark.located.span;
        let kind = if mark.note.is_none() { AnnotationKind::Primary } else { AnnotationKind::Context };
        kind.span(span.start - start..span.end - start).label(mark.note)
    };
    Snippet::source(&file.text[start..end])
        .path(&*file.name)
        .line_start(first)
        .annotations(marks.iter().map(annotation))
        .into()
}

/// What a line doesn't say: which field it is about where no file has it, and what it was made into.
fn notes<'m>(diagnostic: &'m Diagnostic, sources: &'m SourceMap) -> Vec<Element<'m>> {
    let mut notes = Vec::new();
    let places = std::iter::once((&diagnostic.place, None))
        .chain(diagnostic.related.iter().map(|related| (&related.place, Some(&related.note))));
    for (place, note) in places {
        let text = match place {
            Place::Field { object, path } if sources.locate(place).is_none() => {
                format!("{object}{}", field(path))
            }
            Place::Field { object, path } => match sources.root_of(object) {
                root if root == object => continue,
                root => format!("{object}{}, made of {root}", field(path)),
            },
            Place::Text { file, line, column } if sources.locate(place).is_none() => {
                format!("{file}:{line}:{column}")
            }
            Place::Text { .. } => continue,
            Place::Whole(what) => what.clone(),
        };
        let text = note.map_or(format!("in {text}"), |note| format!("{note}: {text}"));
        notes.push(Level::NOTE.message(printable(&text).into_owned()).into());
    }
    notes
}

fn field(path: &FieldPath) -> String {
    if path.segments().is_empty() { String::new() } else { format!(", `{path}`") }
}
