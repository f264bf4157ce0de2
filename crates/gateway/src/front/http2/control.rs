//! Frames that ask for work and carry no request: PING, SETTINGS, PRIORITY, and those that nobody knows. A client that reads the
//! answers could go on with them for ever (CVE-2019-9512, CVE-2019-9513, CVE-2019-9515).

use super::PREFACE;

/// Such frames that a client may send at once. gRPC's libraries measure a connection by a PING each round trip.
const BURST: u64 = 10_000;

/// Such frames that a client may send in each tick of the clock, on and on.
const EACH_TICK: u64 = 100;

/// Length, kind, flags and stream (RFC 9113 §4.1).
const HEAD: usize = 9;

/// Follows what a client sends, frame by frame.
#[derive(Debug)]
pub(super) struct Control {
    head: [u8; HEAD],
    /// How much of the head has come.
    come: usize,
    /// Bytes until the next head.
    skip: usize,
    budget: u64,
    /// The tick at which the budget was last filled.
    filled: u64,
}

impl Control {
    /// For a connection of which nothing has been read, at this tick.
    pub(super) fn new(now: u64) -> Control {
        Control { head: [0; HEAD], come: 0, skip: PREFACE.len(), budget: BURST, filled: now }
    }

    /// Takes in what was read at this tick; false: it's too much.
    pub(super) fn follow(&mut self, mut bytes: &[u8], now: u64) -> bool {
        loop {
            let passed = self.skip.min(bytes.len());
            self.skip -= passed;
            bytes = &bytes[passed..];
            if bytes.is_empty() {
                return true;
            }
            let count = (HEAD - self.come).min(bytes.len());
            self.head[self.come..self.come + count].copy_from_slice(&bytes[..count]);
            self.come += count;
            bytes = &bytes[count..];
            if self.come < HEAD {
                return true;
            }
            self.come = 0;
            let [a, b, c, kind, flags, ..] = self.head;
            self.skip = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
            if asks(kind, flags) && !self.spend(now) {
                return false;
            }
        }
    }

    fn spend(&mut self, now: u64) -> bool {
        let more = now.saturating_sub(self.filled).saturating_mul(EACH_TICK);
        self.filled = now;
        let full = self.budget.saturating_add(more).min(BURST);
        self.budget = full.saturating_sub(1);
        full > 0
    }
}

/// Whether a frame asks for something and belongs to no request; an acknowledgement asks for nothing.
fn asks(kind: u8, flags: u8) -> bool {
    const ACK: u8 = 1;
    match kind {
        4 | 6 => flags & ACK == 0,
        2 | 10.. => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, payload: usize) -> Vec<u8> {
        let length = u8::try_from(payload).unwrap();
        [&[0, 0, length, kind, flags, 0, 0, 0, 0][..], &vec![0xff; payload]].concat()
    }

    fn begun() -> Control {
        let mut control = Control::new(0);
        assert!(control.follow(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0));
        control
    }

    #[test]
    fn frames_are_found_however_they_are_cut() {
        let bytes =
            [frame(1, 4, 200), frame(6, 0, 8), frame(6, 1, 8), frame(4, 0, 0), frame(99, 0, 3)].concat();
        for size in 1..bytes.len() {
            let mut control = begun();
            assert!(bytes.chunks(size).all(|piece| control.follow(piece, 0)));
            assert_eq!(BURST - control.budget, 3, "in pieces of {size}");
        }
    }

    #[test]
    fn too_many_at_once_are_too_many_and_time_makes_room() {
        let ping = frame(6, 0, 8);
        // A refusal is a connection's end, so each end has a connection of its own.
        for (tick, room) in [(0, 0), (1, EACH_TICK)] {
            let mut control = begun();
            for _ in 0..BURST {
                assert!(control.follow(&ping, 0));
            }
            for _ in 0..room {
                assert!(control.follow(&ping, tick));
            }
            assert!(!control.follow(&ping, tick));
        }
    }
}
