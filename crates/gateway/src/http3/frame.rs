//! Frames and what is in those that aren't a request's (RFC 9114 §7).

use super::qpack::push_prefix;
use super::{ErrorCode, varint};

pub(crate) const DATA: u64 = 0x0;
pub(crate) const HEADERS: u64 = 0x1;
const CANCEL_PUSH: u64 = 0x3;
pub(crate) const SETTINGS: u64 = 0x4;
const PUSH_PROMISE: u64 = 0x5;
pub(crate) const GOAWAY: u64 = 0x7;
const MAX_PUSH_ID: u64 = 0xd;

/// Types of unidirectional streams (RFC 9114 §6.2, RFC 9204 §4.2).
pub(crate) const CONTROL_STREAM: u64 = 0x0;
pub(crate) const PUSH_STREAM: u64 = 0x1;
pub(crate) const QPACK_ENCODER_STREAM: u64 = 0x2;
pub(crate) const QPACK_DECODER_STREAM: u64 = 0x3;

/// Settings (RFC 9114 §7.2.4.1, RFC 9220 §3).
const MAX_FIELD_SECTION_SIZE: u64 = 0x6;
const ENABLE_CONNECT_PROTOCOL: u64 = 0x8;

/// What a frame begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    pub(crate) kind: u64,
    /// Bytes of its payload.
    pub(crate) length: u64,
}

impl FrameHeader {
    /// Bytes of a frame's header at most.
    pub(crate) const LONGEST: usize = 16;

    /// The header at the front of `bytes` and its length; `None` if it isn't all there.
    pub(crate) fn read(bytes: &[u8]) -> Option<(FrameHeader, usize)> {
        let (kind, first) = varint::read(bytes)?;
        let (length, second) = varint::read(&bytes[first..])?;
        Some((FrameHeader { kind, length }, first + second))
    }

    pub(crate) fn push(self, out: &mut Vec<u8>) {
        varint::push(self.kind, out);
        varint::push(self.length, out);
    }

    /// Whether a frame of this type may be on a request's stream. Unknown ones may be anywhere, and mean nothing.
    pub(crate) fn fits_request(self) -> bool {
        // 0x2, 0x6, 0x8 and 0x9 are HTTP/2's, which a client that sends them has mixed up.
        let elsewhere = [CANCEL_PUSH, SETTINGS, PUSH_PROMISE, GOAWAY, MAX_PUSH_ID, 0x2, 0x6, 0x8, 0x9]
            .contains(&self.kind);
        !elsewhere
    }

    /// Whether a client may send a frame of this type on its control stream, after its settings.
    pub(crate) fn fits_control(self) -> bool {
        ![DATA, HEADERS, SETTINGS, PUSH_PROMISE, 0x2, 0x6, 0x8, 0x9].contains(&self.kind)
    }
}

/// Appends the beginning of our control stream: its type and our settings.
pub(crate) fn push_control(field_section_size: usize, out: &mut Vec<u8>) {
    let mut settings = Vec::new();
    for value in [MAX_FIELD_SECTION_SIZE, field_section_size as u64, ENABLE_CONNECT_PROTOCOL, 1] {
        varint::push(value, &mut settings);
    }
    varint::push(CONTROL_STREAM, out);
    FrameHeader { kind: SETTINGS, length: settings.len() as u64 }.push(out);
    out.extend_from_slice(&settings);
}

/// Appends a HEADERS frame around what `fill` appends. Its length takes four bytes, since it isn't known before
/// (RFC 9000 §16 allows more bytes than are needed).
pub(crate) fn push_headers(out: &mut Vec<u8>, fill: impl FnOnce(&mut Vec<u8>)) {
    varint::push(HEADERS, out);
    let place = out.len();
    out.extend_from_slice(&[0; 4]);
    push_prefix(out);
    fill(out);
    let length = u32::try_from(out.len() - place - 4).unwrap_or(u32::MAX) & 0x3fff_ffff;
    out[place..place + 4].copy_from_slice(&(0x8000_0000 | length).to_be_bytes());
}

/// Appends GOAWAY: requests on this stream and later ones are not answered.
pub(crate) fn push_goaway(stream: u64, out: &mut Vec<u8>) {
    let mut id = Vec::new();
    varint::push(stream, &mut id);
    FrameHeader { kind: GOAWAY, length: id.len() as u64 }.push(out);
    out.extend_from_slice(&id);
}

/// Looks for mistakes in a frame on a client's control stream. Nothing there changes anything for the gateway, which neither
/// pushes nor sends large heads.
pub(crate) fn check_control(kind: u64, payload: &[u8]) -> Result<(), ErrorCode> {
    let is_integer = || varint::read(payload).is_some_and(|(_, length)| length == payload.len());
    match kind {
        SETTINGS => check_settings(payload),
        GOAWAY | MAX_PUSH_ID if !is_integer() => Err(ErrorCode::FRAME_ERROR),
        // Nothing was pushed.
        CANCEL_PUSH => Err(ErrorCode::ID_ERROR),
        _ => Ok(()),
    }
}

fn check_settings(mut payload: &[u8]) -> Result<(), ErrorCode> {
    let mut seen = Vec::new();
    while !payload.is_empty() {
        let (id, first) = varint::read(payload).ok_or(ErrorCode::FRAME_ERROR)?;
        let (_, second) = varint::read(&payload[first..]).ok_or(ErrorCode::FRAME_ERROR)?;
        payload = &payload[first + second..];
        // 0x0 and 0x2 to 0x5 are HTTP/2's (RFC 9114 §7.2.4.1).
        if seen.contains(&id) || matches!(id, 0x0 | 0x2..=0x5) {
            return Err(ErrorCode::SETTINGS_ERROR);
        }
        seen.push(id);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_header_is_read_when_it_is_all_there() {
        let mut out = Vec::new();
        FrameHeader { kind: HEADERS, length: 300 }.push(&mut out);
        assert_eq!(out, [0x01, 0x41, 0x2c]);
        assert_eq!(FrameHeader::read(&out[..2]), None);
        assert_eq!(FrameHeader::read(&out), Some((FrameHeader { kind: HEADERS, length: 300 }, 3)));
    }

    #[test]
    fn settings_have_each_id_once_and_none_of_http2() {
        let settings = |bytes: &[u8]| check_settings(bytes);
        assert_eq!(settings(&[0x06, 0x40, 0x80, 0x21, 0x05]), Ok(()));
        assert_eq!(settings(&[]), Ok(()));
        assert_eq!(settings(&[0x06, 0x01, 0x06, 0x01]), Err(ErrorCode::SETTINGS_ERROR));
        assert_eq!(settings(&[0x03, 0x01]), Err(ErrorCode::SETTINGS_ERROR));
        assert_eq!(settings(&[0x06, 0x40]), Err(ErrorCode::FRAME_ERROR));
    }

    #[test]
    fn frames_are_where_they_belong() {
        let frame = |kind| FrameHeader { kind, length: 0 };
        assert!(frame(DATA).fits_request() && frame(HEADERS).fits_request() && frame(0x21).fits_request());
        assert!(
            !frame(SETTINGS).fits_request() && !frame(GOAWAY).fits_request() && !frame(0x2).fits_request()
        );
        assert!(
            frame(GOAWAY).fits_control() && frame(0x21).fits_control() && !frame(SETTINGS).fits_control()
        );
    }
}
