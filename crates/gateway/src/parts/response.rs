use crate::http1::Framing;
use crate::http1::field::FieldKind;
use crate::http1::response::{Malformed, Response};
use crate::table::FieldSpan;
use http::{HeaderMap, StatusCode};

impl Response {
    /// Takes a head of HTTP/2's, as text that says the same in HTTP/1.1. `ends`: nothing follows.
    ///
    /// Source: RFC 9113 §8.2 and §8.3.2.
    pub(crate) fn take(
        &mut self,
        status: StatusCode,
        fields: &HeaderMap,
        (ends, to_head): (bool, bool),
    ) -> Result<(), Malformed> {
        self.begin(status.as_u16(), status.canonical_reason().unwrap_or_default());
        for (name, value) in fields {
            let (name, value) = (name.as_str().as_bytes(), value.as_bytes());
            let kind = match FieldKind::of(name) {
                // Of HTTP/1.1's connections, and so of none that is here.
                FieldKind::Connection | FieldKind::TransferEncoding | FieldKind::Upgrade => continue,
                kind => kind,
            };
            let start = self.text.len();
            self.spans.push(FieldSpan {
                name: u32::try_from(start).map_err(|_| Malformed)?,
                value: u32::try_from(start + name.len() + 2).map_err(|_| Malformed)?,
                name_len: u16::try_from(name.len()).map_err(|_| Malformed)?,
                value_len: u16::try_from(value.len()).map_err(|_| Malformed)?,
                kind,
            });
            for part in [name, b": ", value, b"\r\n"] {
                self.text.extend_from_slice(part);
            }
        }
        self.text.extend_from_slice(b"\r\n");
        self.judge(to_head)?;
        if self.framing == Framing::UntilClose {
            self.framing = if ends { Framing::None } else { Framing::Chunked };
        }
        Ok(())
    }
}
