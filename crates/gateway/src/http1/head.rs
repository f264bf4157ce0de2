use super::MOST_FIELDS;
use super::field::FieldKind;
use crate::table::FieldSpan;
use httparse::Header;

/// What a look for the end of a head finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// It isn't all there.
    Partial,
    Complete,
    /// A line ends in a bare line feed, which others may or may not take for a line end.
    BareLineFeed,
}

/// Looks for the end of a head. Bytes before `searched` are known not to end it. A head that comes byte by byte is so
/// looked at once, not parsed again with every byte.
pub(crate) fn extent(bytes: &[u8], searched: usize) -> Extent {
    let from = searched.saturating_sub(3).min(bytes.len());
    for feed in memchr::memchr_iter(b'\n', &bytes[from..]).map(|at| from + at) {
        if feed == 0 || bytes[feed - 1] != b'\r' {
            return Extent::BareLineFeed;
        }
        if feed >= 3 && &bytes[feed - 3..feed - 1] == b"\r\n" {
            return Extent::Complete;
        }
    }
    Extent::Partial
}

/// Whether every line of a parsed head ends in CR LF. The parser takes a bare line feed too, and the lines are where it says.
pub(crate) fn has_strict_lines(text: &[u8], spans: &[FieldSpan]) -> bool {
    let ends_before = |at: usize| at >= 2 && &text[at - 2..at] == b"\r\n";
    spans.iter().all(|span| ends_before(span.name as usize)) && text.ends_with(b"\r\n\r\n")
}

/// Notes where each field is in `text`. False if there are too many or one is too long.
pub(crate) fn spans(text: &[u8], headers: &[Header<'_>], spans: &mut Vec<FieldSpan>) -> bool {
    spans.clear();
    if headers.len() > MOST_FIELDS {
        return false;
    }
    for header in headers {
        let name = header.name.as_bytes();
        let (Ok(name_len), Ok(value_len)) = (u16::try_from(name.len()), u16::try_from(header.value.len()))
        else {
            return false;
        };
        spans.push(FieldSpan {
            name: offset(text, name),
            value: offset(text, header.value),
            name_len,
            value_len,
            kind: FieldKind::of(name),
        });
    }
    true
}

/// Where `part` begins in `whole`, of which it is a piece; heads are far smaller than 4 GiB.
pub(crate) fn offset(whole: &[u8], part: &[u8]) -> u32 {
    let distance = part.as_ptr().addr().wrapping_sub(whole.as_ptr().addr());
    u32::try_from(distance).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_ends_in_an_empty_line() {
        let bytes = b"GET / HTTP/1.1\r\nA: b\r\n\r\nbody\n";
        assert_eq!(extent(bytes, 0), Extent::Complete);
        for searched in 0..24 {
            assert_eq!(extent(&bytes[..searched], 0), Extent::Partial);
            assert_eq!(extent(bytes, searched), Extent::Complete, "after {searched}");
        }
        assert_eq!(extent(b"GET / HTTP/1.1\nA: b\r\n\r\n", 0), Extent::BareLineFeed);
        assert_eq!(extent(b"GET / HTTP/1.1\r\n\n", 16), Extent::BareLineFeed);
        assert_eq!(extent(b"\n", 0), Extent::BareLineFeed);
    }
}
