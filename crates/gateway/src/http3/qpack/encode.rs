use super::static_table::{find_name, find_value};

/// Appends what a field section begins with: it needs no dynamic table.
pub(crate) fn push_prefix(out: &mut Vec<u8>) {
    out.extend_from_slice(&[0, 0]);
}

/// Appends `:status`.
pub(crate) fn push_status(status: u16, out: &mut Vec<u8>) {
    let digits = [100, 10, 1].map(|unit| b'0' + u8::try_from(status / unit % 10).unwrap_or_default());
    // The statuses stand in two places of the table.
    if let Some(index) = find_value(24, &digits).or_else(|| find_value(63, &digits)) {
        push_integer(0b1100_0000, 6, index, out);
    } else {
        push_integer(0b0101_0000, 4, 24, out);
        push_text(&digits, out);
    }
}

/// Appends a field, its name in lower case. Text goes as it is: coding it would cost more than the bytes it saves.
pub(crate) fn push_field(name: &[u8], value: &[u8], out: &mut Vec<u8>) {
    let first = find_name(name);
    if let Some(index) = first.and_then(|first| find_value(first, value)) {
        return push_integer(0b1100_0000, 6, index, out);
    }
    if let Some(first) = first {
        push_integer(0b0101_0000, 4, first, out);
    } else {
        push_integer(0b0010_0000, 3, name.len(), out);
        out.extend(name.iter().map(u8::to_ascii_lowercase));
    }
    push_text(value, out);
}

fn push_text(text: &[u8], out: &mut Vec<u8>) {
    push_integer(0, 7, text.len(), out);
    out.extend_from_slice(text);
}

/// Appends an integer that begins in the last bits of a byte (RFC 7541 §5.1).
fn push_integer(first: u8, bits: u32, value: usize, out: &mut Vec<u8>) {
    let most = (1_usize << bits) - 1;
    let low = |value: usize| u8::try_from(value & 0x7f).unwrap_or_default();
    if value < most {
        out.push(first | low(value));
        return;
    }
    out.push(first | low(most));
    let mut rest = value - most;
    while rest >= 0x80 {
        out.push(low(rest) | 0x80);
        rest >>= 7;
    }
    out.push(low(rest));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, value: &str) -> Vec<u8> {
        let mut out = Vec::new();
        push_field(name.as_bytes(), value.as_bytes(), &mut out);
        out
    }

    #[test]
    fn known_fields_are_indexes() {
        assert_eq!(field("Content-Type", "text/plain"), [0b1100_0000 + 53]);
        assert_eq!(field("content-length", "0"), [0xc4]);
        assert_eq!(field("x-frame-options", "sameorigin"), [0xff, 98 - 63]);
        assert_eq!(field("Content-Length", "12"), [0x54, 2, b'1', b'2']);
        assert_eq!(field("X-A", "b"), [0x23, b'x', b'-', b'a', 1, b'b']);
    }

    #[test]
    fn statuses_are_indexes_where_they_are_known() {
        let status = |status| {
            let mut out = Vec::new();
            push_status(status, &mut out);
            out
        };
        assert_eq!(status(200), [0b1100_0000 + 25]);
        assert_eq!(status(500), [0xff, 71 - 63]);
        assert_eq!(status(201), [0x5f, 24 - 15, 3, b'2', b'0', b'1']);
    }
}
