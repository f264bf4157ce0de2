/// Where the frames of one direction of a WebSocket end: only there another frame can be put in.
///
/// Source: RFC 6455 §5.2.
#[derive(Debug, Default)]
pub(super) struct Frames {
    head: [u8; 14],
    /// Bytes of the head that have come.
    have: usize,
    /// Bytes of the payload that are still to come.
    left: u64,
    is_closing: bool,
}

/// A close frame of a server's that goes away: code 1001 (RFC 6455 §7.4.1).
pub(super) const GOING_AWAY: [u8; 4] = [0x88, 2, 0x03, 0xe9];

const CLOSE: u8 = 8;

impl Frames {
    /// These bytes go by.
    pub(super) fn pass(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let skipped = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
            self.left -= skipped as u64;
            bytes = &bytes[skipped..];
            let Some((first, rest)) = bytes.split_first() else { return };
            self.head[self.have] = *first;
            self.have += 1;
            bytes = rest;
            if let Some(payload) = payload(&self.head[..self.have]) {
                self.is_closing |= self.head[0] & 15 == CLOSE;
                self.left = payload;
                self.have = 0;
            }
        }
    }

    /// Whether a frame may follow here.
    pub(super) fn is_between(&self) -> bool {
        self.have == 0 && self.left == 0 && !self.is_closing
    }
}

/// The payload's length, once the head is complete.
fn payload(head: &[u8]) -> Option<u64> {
    let second = *head.get(1)?;
    let mask = if second & 0x80 == 0 { 0 } else { 4 };
    let wide = match second & 0x7f {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    if head.len() < 2 + wide + mask {
        return None;
    }
    match wide {
        0 => Some(u64::from(second & 0x7f)),
        _ => Some(head[2..2 + wide].iter().fold(0, |length, byte| (length << 8) | u64::from(*byte))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame with a payload of this length.
    fn frame(first: u8, length: usize) -> Vec<u8> {
        let mut frame = vec![first];
        match length {
            ..126 => frame.push(u8::try_from(length).unwrap()),
            126..65536 => {
                frame.push(126);
                frame.extend(u16::try_from(length).unwrap().to_be_bytes());
            }
            _ => {
                frame.push(127);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        frame.resize(frame.len() + length, b'x');
        frame
    }

    #[test]
    fn the_end_of_a_frame_is_found_however_bytes_come() {
        for length in [0, 1, 125, 126, 65535, 65536, 100_000] {
            let frame = frame(0x82, length);
            for step in [1, 3, 1000, frame.len()] {
                let mut frames = Frames::default();
                let (last, before) = frame.split_last().unwrap();
                before.chunks(step).for_each(|bytes| frames.pass(bytes));
                assert!(!frames.is_between(), "{length} bytes by {step}");
                frames.pass(&[*last]);
                assert!(frames.is_between(), "{length} bytes by {step}");
            }
        }
    }

    #[test]
    fn nothing_follows_a_close_frame() {
        let mut frames = Frames::default();
        frames.pass(&frame(0x81, 5));
        assert!(frames.is_between());
        frames.pass(&GOING_AWAY);
        assert!(!frames.is_between());
    }
}
