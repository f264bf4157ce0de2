//! Field sections (RFC 9204), without a dynamic table.

mod decode;
mod encode;
mod huffman;
#[cfg(test)]
mod props;
mod static_table;

pub(crate) use decode::{DecodeError, Decoder};
pub(crate) use encode::{push_field, push_prefix, push_status};
