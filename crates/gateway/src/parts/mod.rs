//! Between heads as text, which rules, header edits and HTTP/1.1 work on, and the parts that libraries for HTTP/2 and
//! HTTP/3 take and give: there is one reading of a head, whatever it came as.

mod lines;
mod request;
mod response;

pub(crate) use lines::{fields, push_lines};
pub(crate) use request::BodySize;
