use bytes::{Buf, Bytes};
use std::cell::{Cell, RefCell};
use std::io::IoSlice;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// Counts what a connection has to send and hasn't sent. Windows alone don't bound that: a client may open them as far as
/// it likes and then not read.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    queued: Cell<usize>,
    waiting: RefCell<Vec<Waker>>,
}

/// Bytes of all answers of a connection that wait for the client.
const MOST: usize = 256 * 1024;

impl Ledger {
    /// Waits until the client has taken enough.
    pub(super) fn poll_room(&self, context: &mut Context<'_>) -> Poll<()> {
        if self.queued.get() < MOST {
            return Poll::Ready(());
        }
        let mut waiting = self.waiting.borrow_mut();
        if !waiting.iter().any(|waker| waker.will_wake(context.waker())) {
            waiting.push(context.waker().clone());
        }
        Poll::Pending
    }

    fn settle(&self, count: usize) {
        self.queued.set(self.queued.get().saturating_sub(count));
        if self.queued.get() < MOST / 2 {
            self.waiting.borrow_mut().drain(..).for_each(Waker::wake);
        }
    }
}

/// Bytes on their way to a client, counted until they are sent or dropped.
#[derive(Debug)]
pub(super) struct Piece {
    bytes: Bytes,
    length: usize,
    ledger: Rc<Ledger>,
}

impl Piece {
    pub(super) fn new(ledger: &Rc<Ledger>, bytes: Bytes) -> Piece {
        let length = bytes.len();
        ledger.queued.set(ledger.queued.get() + length);
        Piece { bytes, length, ledger: Rc::clone(ledger) }
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.ledger.settle(self.length);
    }
}

impl Buf for Piece {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        self.bytes.chunks_vectored(slices)
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_makes_room() {
        let ledger = Rc::new(Ledger::default());
        let mut context = Context::from_waker(Waker::noop());
        let full = Piece::new(&ledger, vec![0; MOST].into());
        assert!(ledger.poll_room(&mut context).is_pending());
        drop(full);
        assert!(ledger.poll_room(&mut context).is_ready());
        assert_eq!((ledger.queued.get(), ledger.waiting.borrow().len()), (0, 0));
    }
}
