use std::cell::RefCell;

/// Bytes read and not yet used, at the front of a block that is borrowed from a [`Buffers`] pool. A connection that waits for
/// its next request holds no block.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    block: Box<[u8]>,
    start: usize,
    end: usize,
}

/// What most messages fit into.
pub(crate) const SMALL: usize = 16 * 1024;

/// For bodies that fill a small block at once.
pub(crate) const LARGE: usize = 128 * 1024;

impl Buffer {
    /// The bytes not yet used.
    pub(crate) fn filled(&self) -> &[u8] {
        &self.block[self.start..self.end]
    }

    /// Room behind them.
    pub(crate) fn free(&mut self) -> &mut [u8] {
        &mut self.block[self.end..]
    }

    /// So many bytes have been written into the room.
    pub(crate) fn advance(&mut self, count: usize) {
        self.end = (self.end + count).min(self.block.len());
    }

    /// So many bytes have been used.
    pub(crate) fn consume(&mut self, count: usize) {
        self.start = self.start.saturating_add(count).min(self.end);
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Whether it has a block at all.
    pub(crate) fn has_block(&self) -> bool {
        !self.block.is_empty()
    }

    /// Whether it has bytes in a block that is hardly larger.
    pub(crate) fn is_parked(&self) -> bool {
        self.has_block() && self.block.len() < SMALL
    }

    pub(crate) fn capacity(&self) -> usize {
        self.block.len()
    }

    /// Moves the bytes to the front, to have all the room behind them.
    pub(crate) fn compact(&mut self) {
        self.block.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
    }

    /// Moves the bytes into a block of this size, at least as large as they are.
    pub(crate) fn resize(&mut self, size: usize) {
        let mut block = vec![0; size.max(self.end - self.start)].into_boxed_slice();
        let filled = self.filled();
        block[..filled.len()].copy_from_slice(filled);
        *self = Buffer { end: filled.len(), start: 0, block };
    }
}

/// Blocks of one thread that are not in use. They're zeroed once, when they are made.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    small: RefCell<Vec<Box<[u8]>>>,
    large: RefCell<Vec<Box<[u8]>>>,
}

/// Blocks kept for later, of each size: 4 MiB together.
const KEPT_SMALL: usize = 128;
const KEPT_LARGE: usize = 16;

impl Buffers {
    /// Makes sure that the buffer has room: gives it a block of the usual size, moves its bytes to the front, or doubles the
    /// block up to `most`. False if it's full at that size.
    pub(crate) fn make_room(&self, buffer: &mut Buffer, most: usize) -> bool {
        if buffer.capacity() < SMALL {
            let parked = std::mem::take(buffer);
            buffer.block = take(&self.small, SMALL);
            buffer.block[..parked.filled().len()].copy_from_slice(parked.filled());
            buffer.end = parked.filled().len();
        }
        if buffer.end < buffer.block.len() {
            return true;
        }
        if buffer.start > 0 {
            buffer.compact();
        } else if buffer.capacity() < most {
            buffer.resize((buffer.capacity() * 2).min(most));
        } else {
            return false;
        }
        true
    }

    /// Takes the block of an empty buffer back.
    pub(crate) fn release(&self, buffer: &mut Buffer) {
        if buffer.is_empty() && buffer.has_block() {
            self.give(std::mem::take(buffer));
        }
    }

    /// Exchanges the small block of an empty buffer for a large one.
    pub(crate) fn enlarge(&self, buffer: &mut Buffer) {
        if buffer.is_empty() && buffer.capacity() < LARGE {
            self.give(std::mem::take(buffer));
            buffer.block = take(&self.large, LARGE);
        }
    }

    /// Moves the bytes into a block hardly larger than they are: many connections may each wait with half a request.
    pub(crate) fn park(&self, buffer: &mut Buffer) {
        let size = buffer.filled().len().next_multiple_of(512);
        if size <= buffer.capacity() / 4 {
            let full = std::mem::take(buffer);
            buffer.block = vec![0; size].into();
            buffer.block[..full.filled().len()].copy_from_slice(full.filled());
            buffer.end = full.filled().len();
            self.give(full);
        }
    }

    fn give(&self, buffer: Buffer) {
        let (kept, most) = match buffer.capacity() {
            SMALL => (&self.small, KEPT_SMALL),
            LARGE => (&self.large, KEPT_LARGE),
            _ => return,
        };
        let mut kept = kept.borrow_mut();
        if kept.len() < most {
            kept.push(buffer.block);
        }
    }
}

fn take(kept: &RefCell<Vec<Box<[u8]>>>, size: usize) -> Box<[u8]> {
    kept.borrow_mut().pop().unwrap_or_else(|| vec![0; size].into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(buffer: &mut Buffer, bytes: &[u8]) {
        buffer.free()[..bytes.len()].copy_from_slice(bytes);
        buffer.advance(bytes.len());
    }

    #[test]
    fn bytes_survive_every_move() {
        let buffers = Buffers::default();
        let mut buffer = Buffer::default();
        assert!(buffers.make_room(&mut buffer, LARGE));
        push(&mut buffer, b"abcdef");
        buffer.consume(2);
        buffers.park(&mut buffer);
        assert_eq!((buffer.filled(), buffer.capacity()), (&b"cdef"[..], 512));
        buffers.make_room(&mut buffer, SMALL);
        assert_eq!((buffer.filled(), buffer.capacity()), (&b"cdef"[..], SMALL));
        let rest = vec![b'x'; SMALL - 4];
        push(&mut buffer, &rest);
        assert!(buffers.make_room(&mut buffer, 2 * SMALL));
        assert!(buffer.filled().starts_with(b"cdefx") && buffer.capacity() == 2 * SMALL);
        push(&mut buffer, &vec![b'y'; SMALL]);
        assert!(!buffers.make_room(&mut buffer, 2 * SMALL), "full");
        buffer.consume(1);
        assert!(buffers.make_room(&mut buffer, 2 * SMALL), "moved to the front");
        assert!(buffer.filled().starts_with(b"defx"));
    }

    #[test]
    fn an_empty_buffer_gives_its_block_back() {
        let buffers = Buffers::default();
        let mut buffer = Buffer::default();
        buffers.make_room(&mut buffer, SMALL);
        buffers.release(&mut buffer);
        assert!(!buffer.has_block());
        assert_eq!(buffers.small.borrow().len(), 1);
    }
}
