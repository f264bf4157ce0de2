//! QUIC's integers of variable length (RFC 9000 §16).

/// The largest one.
pub(crate) const MOST: u64 = (1 << 62) - 1;

/// The integer at the front of `bytes` and how many bytes it takes; `None` if it isn't all there.
pub(crate) fn read(bytes: &[u8]) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    let length = 1 << (first >> 6);
    let rest = bytes.get(1..length)?;
    let value = rest.iter().fold(u64::from(first & 0x3f), |value, byte| value << 8 | u64::from(*byte));
    Some((value, length))
}

/// Appends `value` in as few bytes as it fits into. Larger than [`MOST`] is cut to it.
pub(crate) fn push(value: u64, out: &mut Vec<u8>) {
    let (bits, length) = match value {
        0..0x40 => (0, 1),
        0x40..0x4000 => (1, 2),
        0x4000..0x4000_0000 => (2, 4),
        _ => (3_u64, 8),
    };
    let bytes = (value.min(MOST) | bits << (length * 8 - 2)).to_be_bytes();
    out.extend_from_slice(&bytes[8 - length..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9000 A.1.
    #[test]
    fn the_examples_of_the_rfc_are_read() {
        let read = |bytes: &[u8]| read(bytes);
        assert_eq!(
            read(&[0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c]),
            Some((151_288_809_941_952_652, 8))
        );
        assert_eq!(read(&[0x9d, 0x7f, 0x3e, 0x7d]), Some((494_878_333, 4)));
        assert_eq!(read(&[0x7b, 0xbd]), Some((15_293, 2)));
        assert_eq!(read(&[0x25, 0xff]), Some((37, 1)));
        assert_eq!(read(&[0x40, 0x25]), Some((37, 2)));
        assert_eq!(read(&[0x9d, 0x7f, 0x3e]), None);
        assert_eq!(read(&[]), None);
    }

    #[test]
    fn what_is_written_is_read() {
        for value in [0, 63, 64, 16_383, 16_384, (1 << 30) - 1, 1 << 30, MOST] {
            let mut out = Vec::new();
            push(value, &mut out);
            assert_eq!(read(&out), Some((value, out.len())));
        }
    }
}
