use net_alb_model::{HeaderValue, SystemValue};
use std::ops::Range;
use std::sync::Arc;

/// Changes to the header fields of a message, worked out beforehand: which fields of the sender's are left out, and
/// which are added.
#[derive(Debug, Clone, Default)]
pub(crate) struct HeaderEdits {
    /// All texts in one piece of memory: first `Name: value` lines whose text never changes, each with its line end, then
    /// names to leave out, in lower case, each with a line feed, then what `computed` needs.
    text: Arc<[u8]>,
    /// Where the lines end.
    lines: u32,
    /// Where the names to leave out end.
    drops: u32,
    /// The lengths of these names, modulo 64, as bits: most other names are told from them without a look at the text.
    lengths: u64,
    computed: Option<Arc<[(Place, ComputedText)]>>,
}

/// A piece of the text.
type Place = Range<u32>;

#[derive(Debug, Clone)]
enum ComputedText {
    Header(Place),
    System(SystemValue),
    Override(Place),
}

/// A value that depends on the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Computed<'a> {
    /// The value of this header.
    Header(&'a [u8]),
    System(SystemValue),
    /// In place of the request's own value if that is `override`.
    Override(&'a [u8]),
}

/// One change, in the order of the rule's actions.
#[derive(Debug, Clone)]
pub(crate) enum Edit {
    Set(String, HeaderValue),
    Remove(String),
}

impl Edit {
    fn name(&self) -> &str {
        match self {
            Edit::Set(name, _) | Edit::Remove(name) => name,
        }
    }
}

/// Fields by which messages are framed or routed: an edit would break the connection, so none may name them. ALB refuses
/// these and some more; the more is checked where the target is ALB.
///
/// Source: ALB OpenAPI, `CreateRule`, `InsertHeaderConfig.Key`.
const UNTOUCHABLE: [&str; 10] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Why an edit can't be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadEdit {
    Untouchable,
    NoHeaderName,
    ControlCharacter,
}

impl Edit {
    /// Whether the edit can be made at all.
    pub(crate) fn check(&self) -> Result<(), BadEdit> {
        let name = self.name();
        if UNTOUCHABLE.iter().any(|fixed| fixed.eq_ignore_ascii_case(name)) {
            return Err(BadEdit::Untouchable);
        }
        if !is_header_name(name) {
            return Err(BadEdit::NoHeaderName);
        }
        match self {
            Edit::Set(_, HeaderValue::UserDefined(value) | HeaderValue::InPlaceOfOverride(value))
                if !is_header_value(value) =>
            {
                Err(BadEdit::ControlCharacter)
            }
            Edit::Set(_, HeaderValue::ReferenceHeader(name)) if !is_header_name(name) => {
                Err(BadEdit::NoHeaderName)
            }
            _ => Ok(()),
        }
    }
}

/// A token of RFC 9110 §5.6.2.
pub(crate) fn is_header_name(name: &str) -> bool {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    !name.is_empty() && u16::try_from(name.len()).is_ok() && name.bytes().all(token)
}

/// No control character but the tab: RFC 9110 §5.5.
pub(crate) fn is_header_value(value: &str) -> bool {
    value.bytes().all(|b| b == b'\t' || (b >= 0x20 && b != 0x7f))
}

impl HeaderEdits {
    /// The last edit of a name holds.
    pub(crate) fn new(edits: &[Edit]) -> HeaderEdits {
        let last_of_its_name = |(at, edit): &(usize, &Edit)| {
            !edits[at + 1..].iter().any(|later| later.name().eq_ignore_ascii_case(edit.name()))
        };
        let edits: Vec<_> = edits.iter().enumerate().filter(last_of_its_name).map(|(_, edit)| edit).collect();
        let mut text = Text::default();
        for edit in &edits {
            if let Edit::Set(name, HeaderValue::UserDefined(value)) = edit {
                for part in [name, ": ", value, "\r\n"] {
                    text.push(part);
                }
            }
        }
        let lines = text.len();
        for edit in &edits {
            text.push(&edit.name().to_ascii_lowercase());
            text.push("\n");
        }
        let drops = text.len();
        let computed: Vec<_> = edits.iter().filter_map(|edit| text.computed(edit)).collect();
        HeaderEdits {
            text: text.0.into(),
            lines,
            drops,
            lengths: edits.iter().fold(0, |lengths, edit| lengths | length_bit(edit.name().len())),
            computed: (!computed.is_empty()).then(|| computed.into()),
        }
    }

    /// Whether the sender's field of this name is left out.
    pub(crate) fn drops(&self, name: &[u8]) -> bool {
        self.lengths & length_bit(name.len()) != 0
            && self
                .at(&(self.lines..self.drops))
                .split(|b| *b == b'\n')
                .any(|drop| drop.eq_ignore_ascii_case(name))
    }

    /// The lines to add that are the same for every message.
    pub(crate) fn fixed(&self) -> &[u8] {
        self.at(&(0..self.lines))
    }

    /// The fields to add whose values depend on the request: name and value.
    pub(crate) fn computed(&self) -> impl Iterator<Item = (&[u8], Computed<'_>)> {
        self.computed.iter().flat_map(|fields| fields.iter()).map(|(name, value)| {
            let value = match value {
                ComputedText::Header(name) => Computed::Header(self.at(name)),
                ComputedText::System(value) => Computed::System(*value),
                ComputedText::Override(value) => Computed::Override(self.at(value)),
            };
            (self.at(name), value)
        })
    }

    fn at(&self, place: &Place) -> &[u8] {
        &self.text[place.start as usize..place.end as usize]
    }
}

fn length_bit(length: usize) -> u64 {
    1 << (length % 64)
}

/// The text of edits while it is put together. An Ingress is smaller than 4 GiB.
#[derive(Default)]
struct Text(Vec<u8>);

impl Text {
    fn len(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }

    fn push(&mut self, text: &str) -> Place {
        let start = self.len();
        self.0.extend_from_slice(text.as_bytes());
        start..self.len()
    }

    fn computed(&mut self, edit: &Edit) -> Option<(Place, ComputedText)> {
        let Edit::Set(name, value) = edit else { return None };
        let value = match value {
            HeaderValue::UserDefined(_) => return None,
            HeaderValue::ReferenceHeader(from) => ComputedText::Header(self.push(from)),
            HeaderValue::InPlaceOfOverride(value) => ComputedText::Override(self.push(value)),
            HeaderValue::SystemDefined(value) => ComputedText::System(*value),
        };
        Some((self.push(name), value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(name: &str, value: &str) -> Edit {
        Edit::Set(name.to_owned(), HeaderValue::UserDefined(value.to_owned()))
    }

    #[test]
    fn the_last_edit_of_a_name_holds() {
        let edits = [set("A", "1"), Edit::Remove("b".into()), set("a", "2"), set("B", "3")];
        let edits = HeaderEdits::new(&edits);
        assert_eq!(edits.fixed(), b"a: 2\r\nB: 3\r\n");
        assert!(edits.drops(b"A") && edits.drops(b"b") && !edits.drops(b"c") && !edits.drops(b""));
    }

    #[test]
    fn computed_values_keep_their_names() {
        let edits = [
            Edit::Set("a".into(), HeaderValue::ReferenceHeader("from".into())),
            set("b", "1"),
            Edit::Set("c".into(), HeaderValue::SystemDefined(SystemValue::SLBPort)),
        ];
        let edits = HeaderEdits::new(&edits);
        let expected: [(&[u8], _); 2] =
            [(b"a", Computed::Header(b"from")), (b"c", Computed::System(SystemValue::SLBPort))];
        assert_eq!(edits.computed().collect::<Vec<_>>(), expected);
        assert_eq!(edits.fixed(), b"b: 1\r\n");
    }

    #[test]
    fn what_frames_a_message_is_refused() {
        assert_eq!(set("Content-Length", "0").check(), Err(BadEdit::Untouchable));
        assert_eq!(set("x y", "0").check(), Err(BadEdit::NoHeaderName));
        assert_eq!(set("x", "a\r\nb: c").check(), Err(BadEdit::ControlCharacter));
        assert_eq!(set("x", "a\tb é").check(), Ok(()));
    }
}
