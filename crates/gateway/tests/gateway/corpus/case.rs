use std::path::Path;

/// One case of the corpus.
#[derive(Debug, Clone, Default)]
pub(super) struct Case {
    /// The file that it is in.
    pub(super) file: String,
    pub(super) name: String,
    pub(super) steps: Vec<Step>,
    /// What backends have seen in the end.
    pub(super) backend: Option<Vec<u8>>,
    /// … or the beginning of it: a body passes while it comes, and its end didn't.
    pub(super) at_most: bool,
    /// In the notation of `notation.rs`; the default forwards everything.
    pub(super) rules: Option<String>,
    /// The listener adds all `X-Forwarded-*` headers.
    pub(super) forwarded: bool,
}

/// What the client does or gets, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Send(Vec<u8>),
    StopWriting,
    /// A head, or trailers, as names and values.
    Fields(Vec<(Vec<u8>, Vec<u8>)>),
    Data(Vec<u8>),
    /// The answer, and the protocol that it is for, where protocols differ.
    Answer(Option<String>, Expected),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Expected {
    /// `None`: no answer at all.
    pub(super) status: Option<u16>,
    /// The stream is reset.
    pub(super) reset: bool,
    /// `x-net-alb-error`.
    pub(super) reason: Option<String>,
    /// The connection ends here; otherwise it must be fit for another request.
    pub(super) close: bool,
}

impl Case {
    /// The only answer that it expects by this protocol.
    pub(super) fn expected(&self, protocol: &str) -> Option<&Expected> {
        let answers = self.steps.iter().filter_map(|step| match step {
            Step::Answer(only, expected) => Some((only.as_deref(), expected)),
            _ => None,
        });
        let mut answers = answers.filter(|(only, _)| only.is_none_or(|only| only == protocol));
        answers.next().map(|(_, expected)| expected)
    }
}

/// Reads the cases of a file; stops the test where it can't.
pub(super) fn parse(path: &Path) -> Vec<Case> {
    let text = std::fs::read_to_string(path).unwrap();
    let file = path.file_name().unwrap().to_string_lossy().into_owned();
    let lines: Vec<&str> = text.lines().collect();
    let starts: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].starts_with("=== ")).collect();
    let ends = starts.iter().copied().skip(1).chain([lines.len()]);
    let all: Vec<_> =
        starts.iter().copied().zip(ends).map(|(from, to)| one(&file, &lines[from..to])).collect();
    let mut names: Vec<_> = all.iter().map(|case| &case.name).collect();
    names.sort();
    names.windows(2).for_each(|pair| assert_ne!(pair[0], pair[1], "{file}: a name twice"));
    all
}

fn one(file: &str, lines: &[&str]) -> Case {
    let name = lines[0].trim_start_matches("=== ").to_owned();
    let place = format!("{file}: {name}");
    let mut case = Case { file: file.to_owned(), name, ..Case::default() };
    let (mut at, mut source) = (1, false);
    while at < lines.len() {
        let line = lines[at];
        at += 1;
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let block: Vec<&str> = lines[at..].iter().map_while(|line| line.strip_prefix("  ")).collect();
        at += block.len();
        let (key, value) = line.split_once(':').unwrap_or_else(|| panic!("{place}: `{line}`"));
        let bytes = || block.iter().flat_map(|line| unescape(line)).collect::<Vec<u8>>();
        match (key, value.trim()) {
            ("source", text) => source = !text.is_empty(),
            ("send", "") => case.steps.push(Step::Send(bytes())),
            ("then", "stop writing") => case.steps.push(Step::StopWriting),
            ("answer", text) => case.steps.push(Step::Answer(None, expected(text))),
            ("answer h2" | "answer h3", text) => {
                case.steps.push(Step::Answer(Some(key["answer ".len()..].to_owned()), expected(text)));
            }
            ("fields" | "trailers", "") => {
                case.steps.push(Step::Fields(block.iter().flat_map(|line| fields(line)).collect()));
            }
            ("data", "") => case.steps.push(Step::Data(bytes())),
            ("backend", "nothing") => case.backend = Some(Vec::new()),
            ("backend", "as sent") => case.backend = Some(sent(&case)),
            ("backend", "") => case.backend = Some(bytes()),
            ("backend at most", "") => {
                case.backend = Some(bytes());
                case.at_most = true;
            }
            ("rules", "") => case.rules = Some(block.join("\n")),
            ("listener", "forwarded") => case.forwarded = true,
            _ => panic!("{place}: `{line}`"),
        }
    }
    assert!(source, "{place}: no source");
    assert!(case.backend.is_some(), "{place}: says nothing of the backend");
    assert!(case.steps.iter().any(|step| matches!(step, Step::Answer(..))), "{place}: no answer");
    case
}

fn sent(case: &Case) -> Vec<u8> {
    let sent = case.steps.iter().filter_map(|step| match step {
        Step::Send(bytes) => Some(bytes.as_slice()),
        _ => None,
    });
    sent.collect::<Vec<_>>().concat()
}

/// `400 bad-host, close`.
fn expected(text: &str) -> Expected {
    let (answer, close) = match text.strip_suffix(", close") {
        Some(answer) => (answer, true),
        None => (text, false),
    };
    let (status, reason) = match answer.split_once(' ') {
        Some((status, reason)) => (status, Some(reason.to_owned())),
        None => (answer, None),
    };
    let reset = status == "reset";
    let none = reset || status == "none";
    let status = (!none).then(|| status.parse().unwrap_or_else(|_| panic!("answer: {text}")));
    Expected { status, reset, reason, close }
}

/// `name: value`, where the name may begin with a colon; `20 * name: value` is the field twenty times.
fn fields(line: &str) -> Vec<(Vec<u8>, Vec<u8>)> {
    let (count, line) = match line.split_once(" * ") {
        Some((count, line)) => (count.parse().unwrap_or_else(|_| panic!("`{line}`")), line),
        None => (1, line),
    };
    let line = line.strip_suffix(':').map_or(line.to_owned(), |name| format!("{name}: "));
    let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("`{line}`"));
    vec![(unescape(name), unescape(value)); count]
}

/// `\r`, `\n`, `\t`, `\0`, `\s` (a space), `\xHH`, `\\`, `\{`; `{text*20}` is the text twenty times.
pub(super) fn unescape(line: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = line;
    while let Some(char) = rest.chars().next() {
        let mut taken = char.len_utf8();
        match char {
            '\\' => {
                let code = rest.as_bytes()[1];
                taken = if code == b'x' { 4 } else { 2 };
                out.push(match code {
                    b'r' => b'\r',
                    b'n' => b'\n',
                    b't' => b'\t',
                    b'0' => 0,
                    b's' => b' ',
                    b'x' => u8::from_str_radix(&rest[2..4], 16).unwrap(),
                    other => other,
                });
            }
            '{' => {
                let (inner, _) = rest[1..].split_once('}').unwrap_or_else(|| panic!("`{line}`"));
                let (text, count) = inner.rsplit_once('*').unwrap_or_else(|| panic!("`{line}`"));
                out.extend(unescape(text).repeat(count.parse().unwrap()));
                taken = inner.len() + 2;
            }
            _ => out.extend_from_slice(&rest.as_bytes()[..taken]),
        }
        rest = &rest[taken..];
    }
    out
}

#[test]
fn escapes_are_bytes() {
    assert_eq!(unescape(r"a\r\n\x00\\\{b"), b"a\r\n\0\\{b");
    assert_eq!(unescape(r"{ab\s*2}c"), b"ab ab c");
}
