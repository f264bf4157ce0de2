//! Which names headers have, and which of them ALB keeps to itself: facts that `convert` heeds and `model` checks.

/// Request headers that `InsertHeader` and `RemoveHeader` don't take. Lower case. Source: ALB API, CreateRule,
/// `InsertHeaderConfig`.
pub const RESERVED_REQUEST: &[&str] = &[
    "slb-id",
    "slb-ip",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-forwarded-eip",
    "x-forwarded-port",
    "x-forwarded-client-srcport",
    "connection",
    "upgrade",
    "content-length",
    "transfer-encoding",
    "keep-alive",
    "te",
    "host",
    "cookie",
    "remoteip",
    "authority",
    "x-forwarded-host",
];

/// The same for response headers.
pub const RESERVED_RESPONSE: &[&str] = &["connection", "upgrade", "content-length", "transfer-encoding"];

/// Whether a text is a token of HTTP: a header's name, a method. Source: RFC 9110, 5.6.2.
pub fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}
