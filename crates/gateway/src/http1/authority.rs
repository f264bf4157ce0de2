//! Whom a request is for.

use super::head::letters_digits_and;

/// Bytes of a name at most (RFC 1035 §2.3.4), and of a port with its colon.
const LONGEST: usize = 255 + 6;

/// What names and IPv4 addresses are of.
const NAME: [bool; 256] = letters_digits_and(b"-._~");

/// Whether a text is a host and perhaps a port, and nothing but that: a name, an IPv4 address, or an IPv6 address in brackets.
/// RFC 3986 §3.2.2 allows percent signs and commas, too; no name in use has them, and programs disagree about what they mean.
pub(crate) fn is_authority(text: &[u8]) -> bool {
    let (host, port) = match text {
        [b'[', inside @ ..] => match memchr::memchr(b']', inside) {
            Some(end) => (&inside[..end], &inside[end + 1..]),
            None => return false,
        },
        _ => text.split_at(memchr::memchr(b':', text).unwrap_or(text.len())),
    };
    let is_host = if text.starts_with(b"[") {
        str::from_utf8(host).is_ok_and(|host| host.parse::<std::net::Ipv6Addr>().is_ok())
    } else {
        !host.is_empty() && host.iter().fold(true, |all, byte| all & NAME[usize::from(*byte)])
    };
    is_host && text.len() <= LONGEST && is_port(port)
}

/// Nothing, or a colon and perhaps a number of 16 bits.
fn is_port(text: &[u8]) -> bool {
    match text {
        [] | [b':'] => true,
        [b':', digits @ ..] if digits.len() <= 5 && digits.iter().all(u8::is_ascii_digit) => {
            let port = digits.iter().fold(0, |port, digit| port * 10 + u32::from(digit - b'0'));
            u16::try_from(port).is_ok()
        }
        _ => false,
    }
}

#[test]
fn an_authority_is_a_host_and_a_port() {
    for good in ["a", "a.example.", "a_b-c~d:80", "127.0.0.1:65535", "[::1]", "[2001:db8::1]:443", "a:"] {
        assert!(is_authority(good.as_bytes()), "{good}");
    }
    for bad in [
        "", ":80", "a b", "a,b", "a%41", "a@b", "a/b", "*.a", "[::1", "[a]", "[::1]a", "::1", "a:65536",
        "a:000080",
    ] {
        assert!(!is_authority(bad.as_bytes()), "{bad}");
    }
}
