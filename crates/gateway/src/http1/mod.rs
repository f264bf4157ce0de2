//! HTTP/1.1 as bytes: heads are read and judged, bodies are unframed and framed.
//!
//! There is one reading of every message or none: what two programs could read differently is refused. Source: RFC 9112;
//! the stricter of two choices wherever it leaves one.

mod authority;
pub(crate) mod body;
pub(crate) mod field;
#[cfg(test)]
mod fuzz;
mod head;
#[cfg(test)]
mod props;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod writer;

/// How a message's body is delimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// There is none.
    None,
    /// So many bytes.
    Length(u64),
    /// Chunks, and perhaps trailers.
    Chunked,
    /// Until the sender closes the connection; answers only.
    UntilClose,
}

/// Header fields of one message at most.
pub(crate) const MOST_FIELDS: usize = 128;
