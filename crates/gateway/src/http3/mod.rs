//! HTTP/3 as bytes: frames, settings and field sections. No sockets.
//!
//! Field sections use QPACK's static table only (our `SETTINGS_QPACK_MAX_TABLE_CAPACITY` is 0, and we insert nothing into the
//! client's): no request waits for another one's header fields, and no client makes the gateway remember any. Source: RFC 9114,
//! RFC 9204.

pub(crate) mod fields;
pub(crate) mod frame;
pub(crate) mod qpack;
mod request;
pub(crate) mod varint;

/// An error code as it goes into RESET_STREAM, STOP_SENDING and CONNECTION_CLOSE.
///
/// Source: RFC 9114 §8.1, RFC 9204 §6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ErrorCode(pub(crate) u32);

impl ErrorCode {
    pub(crate) const NO_ERROR: ErrorCode = ErrorCode(0x100);
    pub(crate) const INTERNAL_ERROR: ErrorCode = ErrorCode(0x102);
    pub(crate) const STREAM_CREATION_ERROR: ErrorCode = ErrorCode(0x103);
    pub(crate) const CLOSED_CRITICAL_STREAM: ErrorCode = ErrorCode(0x104);
    pub(crate) const FRAME_UNEXPECTED: ErrorCode = ErrorCode(0x105);
    pub(crate) const FRAME_ERROR: ErrorCode = ErrorCode(0x106);
    pub(crate) const EXCESSIVE_LOAD: ErrorCode = ErrorCode(0x107);
    pub(crate) const ID_ERROR: ErrorCode = ErrorCode(0x108);
    pub(crate) const SETTINGS_ERROR: ErrorCode = ErrorCode(0x109);
    pub(crate) const MISSING_SETTINGS: ErrorCode = ErrorCode(0x10a);
    pub(crate) const REQUEST_REJECTED: ErrorCode = ErrorCode(0x10b);
    pub(crate) const REQUEST_INCOMPLETE: ErrorCode = ErrorCode(0x10d);
    pub(crate) const QPACK_DECOMPRESSION_FAILED: ErrorCode = ErrorCode(0x200);
    pub(crate) const QPACK_ENCODER_STREAM_ERROR: ErrorCode = ErrorCode(0x201);
}
