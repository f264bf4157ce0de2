//! Traces of requests across processes: W3C Trace Context, level 1.
//!
//! A request that comes with a `traceparent` goes on as its child; one without begins a trace. Where no sink is set, the header
//! is a header like any other and nothing of this is done.

use crate::access_log::Record;
use std::cell::Cell;
use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;

/// Where finished spans go. Called on the thread that served the request, so it must not wait.
pub trait SpanSink: Send + Sync + fmt::Debug {
    /// A request that is to be traced is over.
    fn finish(&self, span: &SpanContext, record: &Record<'_>);
}

/// How requests are traced.
#[derive(Debug, Clone)]
pub struct Tracing {
    /// Which requests are.
    pub sampler: Sampler,
    /// Where their spans go.
    pub sink: Arc<dyn SpanSink>,
}

/// Which requests are traced.
///
/// Source: OpenTelemetry specification, "Sampling": `TraceIdRatioBased`, `ParentBased`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampler {
    /// The share of the traces that begin here, 0 to 1.
    pub ratio: f64,
    /// Whether a request that came with a decision keeps it.
    pub parent_based: bool,
}

/// A span's place in its trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpanContext {
    /// The trace's id; not all 0.
    pub trace: [u8; 16],
    /// This span's id; not all 0.
    pub span: [u8; 8],
    /// The span of the client, if it sent one.
    pub parent: Option<[u8; 8]>,
    /// Whether the span is recorded, here and behind.
    pub sampled: bool,
}

impl Sampler {
    /// Decides about a trace. The same trace gets the same answer everywhere.
    fn samples(self, trace: &[u8; 16], parent: Option<bool>) -> bool {
        if let Some(decided) = parent.filter(|_| self.parent_based) {
            return decided;
        }
        let (_, low) = trace.split_last_chunk::<8>().expect("16 bytes have 8 last ones");
        let number = u64::from_be_bytes(*low);
        // 53 bits are a number of the type exactly, below 1 also after the division.
        #[allow(clippy::cast_precision_loss, reason = "53 bits fit")]
        let point = (number >> 11) as f64 / (1_u64 << 53) as f64;
        point < self.ratio
    }
}

impl Tracing {
    /// The span of a request that came with this `traceparent`, or without.
    pub(crate) fn begin(&self, ids: &Ids, traceparent: Option<&[u8]>) -> SpanContext {
        let parent = traceparent.and_then(SpanContext::parse);
        let trace = parent.map_or_else(|| ids.trace(), |parent| parent.trace);
        SpanContext {
            trace,
            span: ids.span(),
            parent: parent.map(|parent| parent.span),
            sampled: self.sampler.samples(&trace, parent.map(|parent| parent.sampled)),
        }
    }
}

impl SpanContext {
    /// Reads a `traceparent`: `00-TRACE-SPAN-FLAGS`, and later versions as far as they are the same.
    ///
    /// Source: W3C Trace Context §3.2.
    pub fn parse(value: &[u8]) -> Option<SpanContext> {
        let mut fields = value.split(|b| *b == b'-');
        let [version] = hex(fields.next()?)?;
        let (trace, span) = (hex::<16>(fields.next()?)?, hex::<8>(fields.next()?)?);
        let [flags] = hex(fields.next()?)?;
        // A later version may say more.
        let is_over = version != 0 || fields.next().is_none();
        let is_valid = is_over && version != 0xff && trace != [0; 16] && span != [0; 8];
        is_valid.then_some(SpanContext { trace, span, parent: None, sampled: flags & 1 == 1 })
    }

    /// The trace's id in hexadecimal.
    pub fn trace_id(&self) -> String {
        format!("{:032x}", u128::from_be_bytes(self.trace))
    }

    /// Appends a `traceparent` for what comes behind.
    pub(crate) fn push(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"traceparent: 00-");
        push_hex(&self.trace, out);
        out.push(b'-');
        push_hex(&self.span, out);
        out.extend_from_slice(if self.sampled { b"-01\r\n" } else { b"-00\r\n" });
    }
}

/// Lower-case hexadecimal of exactly this many bytes.
fn hex<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; N];
    if text.len() != 2 * N {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

fn push_hex(bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        out.extend_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
}

/// Makes ids on one thread: random in the sense that no two are the same, not in the sense that none can be guessed.
#[derive(Debug)]
pub(crate) struct Ids(Cell<u64>);

impl Default for Ids {
    /// Begins where the system's random numbers say.
    fn default() -> Self {
        Ids(Cell::new(RandomState::new().build_hasher().finish()))
    }
}

impl Ids {
    /// SplitMix64 (Steele, Lea, Flood 2014): a walk through all 64-bit numbers, each mixed.
    fn next(&self) -> u64 {
        let state = self.0.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
        self.0.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn trace(&self) -> [u8; 16] {
        let id = u128::from(self.next()) << 64 | u128::from(self.next());
        // All zeros mean "none".
        if id == 0 { 1_u128.to_be_bytes() } else { id.to_be_bytes() }
    }

    fn span(&self) -> [u8; 8] {
        self.next().max(1).to_be_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The specification's own example.
    const EXAMPLE: &[u8] = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_traceparent_is_read_to_the_letter() {
        let context = SpanContext::parse(EXAMPLE).unwrap();
        assert_eq!(context.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert!(context.sampled);
        let mut out = Vec::new();
        context.push(&mut out);
        assert_eq!(out, [b"traceparent: ", EXAMPLE, b"\r\n"].concat());
        let later = b"cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00-what-comes";
        assert!(!SpanContext::parse(later).unwrap().sampled);
        for bad in [
            &b""[..],
            b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            b"ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            b"00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            b"00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            b"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        ] {
            assert_eq!(SpanContext::parse(bad), None, "{}", bad.escape_ascii());
        }
    }

    #[test]
    fn the_share_of_sampled_traces_is_the_ratio_and_a_parent_decides() {
        let ids = Ids::default();
        let quarter = Sampler { ratio: 0.25, parent_based: true };
        let sampled = (0..10_000).filter(|_| quarter.samples(&ids.trace(), None)).count();
        assert!((2200..=2800).contains(&sampled), "{sampled}");
        assert!(quarter.samples(&[0xff; 16], Some(true)) && !quarter.samples(&[0; 16], Some(false)));
        let alone = Sampler { ratio: 1.0, parent_based: false };
        assert!(alone.samples(&[0xff; 16], Some(false)));
    }
}
