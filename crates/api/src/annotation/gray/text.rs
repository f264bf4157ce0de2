//! The text of a gray annotation as a tree with positions: JSON, YAML, and the article's unspaced flow form.
//!
//! YAML (and so JSON) is read by a YAML parser. The article writes `{demo:test}` without a space after the colon, which
//! YAML takes for one word: [`spaced`] puts the space in, and positions are mapped back to the text as it was written.

use super::{GrayError, Position};
use granit_parser::{Event, Parser, ScalarStyle};

/// Deeper than the three levels that an entry has, so that a message can say what is too deep.
const DEEPEST: usize = 6;

/// A node of the tree; `at` is where it begins.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) at: Position,
    pub(super) value: Value,
}

#[derive(Debug)]
pub(super) enum Value {
    /// Nothing was written where a value could be.
    Absent,
    /// Numbers and booleans too stay the text that they were written as.
    Text(String),
    List(Vec<Node>),
    /// Keys with their positions, in order; a key may occur twice.
    Map(Vec<(String, Position, Node)>),
}

/// Reads the whole text as one document.
pub(super) fn parse(text: &str) -> Result<Node, GrayError> {
    let (spaced, added) = spaced(text);
    let options = granit_parser::options! { emit_comments: false };
    let parser = Parser::new_from_str_with_options(&spaced, options);
    let mut reader = Reader { lines: lines(text), added, parser };
    let root = loop {
        match reader.next()? {
            (Some(Event::StreamStart | Event::DocumentStart(..)), _) => {}
            (Some(Event::StreamEnd), at) => return Ok(Node { at, value: Value::Absent }),
            (event, at) => break reader.node(event, at, 0)?,
        }
    };
    loop {
        match reader.next()? {
            (Some(Event::DocumentEnd), _) => {}
            (Some(Event::StreamEnd), _) => return Ok(root),
            (_, at) => return Err(GrayError::new(at, "more follows after the end of the list")),
        }
    }
}

struct Reader<'a> {
    lines: Vec<usize>,
    added: Vec<usize>,
    parser: Parser<'a, granit_parser::StrInput<'a>>,
}

impl<'a> Reader<'a> {
    /// The next event; `None` where a value could be and nothing is written (`~` and `null` are text like any other).
    fn next(&mut self) -> Result<(Option<Event<'a>>, Position), GrayError> {
        match self.parser.next() {
            Some(Ok((event, span))) => {
                let is_absent =
                    span.start == span.end && matches!(event, Event::Scalar(_, ScalarStyle::Plain, ..));
                Ok(((!is_absent).then_some(event), self.position(span.start.index())))
            }
            Some(Err(error)) => Err(GrayError::new(self.position(error.marker().index()), error.info())),
            None => Ok((Some(Event::StreamEnd), self.position(0))),
        }
    }

    fn node(&mut self, event: Option<Event<'a>>, at: Position, depth: usize) -> Result<Node, GrayError> {
        if depth > DEEPEST {
            return Err(GrayError::new(at, "nested too deep"));
        }
        let value = match event {
            None => Value::Absent,
            Some(Event::Scalar(text, ..)) => Value::Text(text.into_owned()),
            Some(Event::SequenceStart(..)) => Value::List(self.list(depth)?),
            Some(Event::MappingStart(..)) => Value::Map(self.map(depth)?),
            Some(Event::Alias(_)) => {
                return Err(GrayError::new(at, "an alias (`*name`) has no meaning here"));
            }
            Some(_) => return Err(GrayError::new(at, "a value is missing")),
        };
        Ok(Node { at, value })
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Node>, GrayError> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Some(Event::SequenceEnd), _) => return Ok(items),
                (event, at) => items.push(self.node(event, at, depth + 1)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Vec<(String, Position, Node)>, GrayError> {
        let mut pairs = Vec::new();
        loop {
            match self.next()? {
                (Some(Event::MappingEnd), _) => return Ok(pairs),
                (Some(Event::Scalar(key, ..)), key_at) => {
                    let (event, at) = self.next()?;
                    pairs.push((key.into_owned(), key_at, self.node(event, at, depth + 1)?));
                }
                (_, at) => return Err(GrayError::new(at, "a name is missing")),
            }
        }
    }

    /// Where the character with this index of the spaced text is in the text as written.
    fn position(&self, index: usize) -> Position {
        let index = index - self.added.partition_point(|added| *added < index);
        let line = self.lines.partition_point(|start| *start <= index);
        Position { line, column: index - self.lines[line - 1] + 1 }
    }
}

/// The index of the first character of each line; the first is 0.
fn lines(text: &str) -> Vec<usize> {
    let ends = text.chars().enumerate().filter(|(_, c)| *c == '\n').map(|(index, _)| index + 1);
    std::iter::once(0).chain(ends).collect()
}

/// The text with a space after each `name:` in braces that has none, and the indexes of the added spaces.
fn spaced(text: &str) -> (String, Vec<usize>) {
    let mut scan = Scan::default();
    let (mut out, mut added) = (String::with_capacity(text.len() + 16), Vec::new());
    let mut length = 0;
    for c in text.chars() {
        if scan.awaits_space && !c.is_whitespace() {
            out.push(' ');
            added.push(length);
            length += 1;
        }
        scan.step(c);
        out.push(c);
        length += 1;
    }
    (out, added)
}

/// Just enough of YAML's flow syntax to tell a name's colon from any other.
#[derive(Default)]
struct Scan {
    /// Open braces and brackets.
    open: Vec<char>,
    /// The quote that is open, and whether the last character was a backslash in it.
    quote: Option<(char, bool)>,
    /// In braces, before the colon.
    in_name: bool,
    /// The last character was a name's colon.
    awaits_space: bool,
    last: Option<char>,
    last_visible: Option<char>,
}

impl Scan {
    fn step(&mut self, c: char) {
        self.awaits_space = false;
        match self.quote {
            Some((quote, false)) if c == quote => self.quote = None,
            Some((quote, escaped)) => self.quote = Some((quote, quote == '"' && c == '\\' && !escaped)),
            None => self.plain(c),
        }
        self.last = Some(c);
        if !c.is_whitespace() || c == '\n' {
            self.last_visible = Some(c);
        }
    }

    fn plain(&mut self, c: char) {
        match c {
            '{' | '[' if self.begins_value() => {
                self.open.push(c);
                self.in_name = c == '{';
            }
            '"' | '\'' if self.begins_value() => self.quote = Some((c, false)),
            '}' | ']' => {
                self.open.pop();
                self.in_name = false;
            }
            ',' => self.in_name = self.open.last() == Some(&'{'),
            ':' if self.in_name => {
                self.in_name = false;
                self.awaits_space = true;
            }
            _ => {}
        }
    }

    fn begins_value(&self) -> bool {
        match self.last {
            Some(':') => !self.open.is_empty(),
            Some('-') => false,
            _ if self.last == self.last_visible => {
                matches!(self.last, None | Some('[' | '{' | ',' | '\n'))
            }
            _ => matches!(self.last_visible, None | Some('[' | '{' | ',' | ':' | '-' | '\n')),
        }
    }
}
