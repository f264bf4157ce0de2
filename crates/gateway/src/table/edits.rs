use net_alb_model::{HeaderValue, SystemValue};

/// Changes to the header fields of a message, worked out beforehand: which fields of the sender's are left out, and
/// which are added.
#[derive(Debug, Default)]
pub(crate) struct HeaderEdits {
    /// Lower case: what is removed, and what is replaced.
    drops: Box<[Box<str>]>,
    /// `Name: value` lines whose text never changes, each with its line end.
    fixed: Box<[u8]>,
    computed: Box<[(Box<str>, Computed)]>,
}

/// A value that depends on the request.
#[derive(Debug, Clone)]
pub(crate) enum Computed {
    Header(Box<str>),
    System(SystemValue),
    /// In place of the request's own value if that is `override`.
    Override(Box<str>),
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
        let mut drops = Vec::new();
        let mut fixed = Vec::new();
        let mut computed = Vec::new();
        for (_, edit) in edits.iter().enumerate().filter(last_of_its_name) {
            drops.push(edit.name().to_ascii_lowercase().into());
            match edit {
                Edit::Remove(_) => {}
                Edit::Set(name, HeaderValue::UserDefined(value)) => {
                    for part in [name, ": ", value, "\r\n"] {
                        fixed.extend_from_slice(part.as_bytes());
                    }
                }
                Edit::Set(name, HeaderValue::ReferenceHeader(from)) => {
                    computed.push((name.as_str().into(), Computed::Header(from.as_str().into())));
                }
                Edit::Set(name, HeaderValue::InPlaceOfOverride(value)) => {
                    computed.push((name.as_str().into(), Computed::Override(value.as_str().into())));
                }
                Edit::Set(name, HeaderValue::SystemDefined(value)) => {
                    computed.push((name.as_str().into(), Computed::System(*value)));
                }
            }
        }
        HeaderEdits { drops: drops.into(), fixed: fixed.into(), computed: computed.into() }
    }

    /// Whether the sender's field of this name is left out.
    pub(crate) fn drops(&self, name: &[u8]) -> bool {
        self.drops.iter().any(|drop| drop.as_bytes().eq_ignore_ascii_case(name))
    }

    /// The lines to add that are the same for every message.
    pub(crate) fn fixed(&self) -> &[u8] {
        &self.fixed
    }

    /// The fields to add whose values depend on the request.
    pub(crate) fn computed(&self) -> &[(Box<str>, Computed)] {
        &self.computed
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
        assert!(edits.drops(b"A") && edits.drops(b"b") && !edits.drops(b"c"));
    }

    #[test]
    fn what_frames_a_message_is_refused() {
        assert_eq!(set("Content-Length", "0").check(), Err(BadEdit::Untouchable));
        assert_eq!(set("x y", "0").check(), Err(BadEdit::NoHeaderName));
        assert_eq!(set("x", "a\r\nb: c").check(), Err(BadEdit::ControlCharacter));
        assert_eq!(set("x", "a\tb é").check(), Ok(()));
    }
}
