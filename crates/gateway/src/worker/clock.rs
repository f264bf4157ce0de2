use slab::Slab;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::Notify;

/// The coarse time of one thread, and everything on it that has a deadline. Moving a deadline is one store; every tick looks
/// at all of them (some nanoseconds each), so that no request pays for a timer.
#[derive(Debug)]
pub(crate) struct Clock {
    start: Instant,
    /// Ticks since `start`.
    now: Cell<u64>,
    entries: RefCell<Slab<Rc<Entry>>>,
    /// Something has a deadline again: the clock must run.
    wound: Notify,
    date: Cell<(u64, [u8; 29])>,
}

#[derive(Debug)]
struct Entry {
    at: Cell<u64>,
    /// It can't be moved beyond this.
    most: Cell<u64>,
    /// Nobody would miss anything if it ended now.
    idle: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

/// How coarse the time is.
pub(crate) const TICK: Duration = Duration::from_millis(100);

/// A span of time in ticks, never shorter than what it was made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticks(u64);

impl From<Duration> for Ticks {
    fn from(duration: Duration) -> Self {
        let ticks = duration.as_millis().div_ceil(TICK.as_millis());
        Ticks(u64::try_from(ticks).unwrap_or(u64::MAX / 2))
    }
}

/// The time is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Elapsed;

impl Ticks {
    /// What is left of it after `other`.
    pub(crate) fn minus(self, other: Ticks) -> Ticks {
        Ticks(self.0.saturating_sub(other.0))
    }

    /// As a time.
    pub(crate) fn duration(self) -> Duration {
        TICK.saturating_mul(u32::try_from(self.0).unwrap_or(u32::MAX))
    }

    /// From one moment to a later one.
    pub(crate) fn between(earlier: u64, later: u64) -> Ticks {
        Ticks(later.saturating_sub(earlier))
    }
}

impl Clock {
    pub(crate) fn new() -> Clock {
        Clock {
            start: Instant::now(),
            now: Cell::new(0),
            entries: RefCell::default(),
            wound: Notify::new(),
            date: Cell::new((u64::MAX, [0; 29])),
        }
    }

    /// Ticks since the thread began.
    pub(crate) fn now(&self) -> u64 {
        self.now.get()
    }

    /// The value of a `Date` header, made once a tick at most.
    pub(crate) fn date(&self) -> [u8; 29] {
        let (tick, date) = self.date.get();
        if tick == self.now.get() {
            return date;
        }
        let text = httpdate::fmt_http_date(SystemTime::now());
        let date = text.as_bytes().try_into().unwrap_or(*b"Thu, 01 Jan 1970 00:00:00 GMT");
        self.date.set((self.now.get(), date));
        date
    }

    /// Keeps the time while anything has a deadline. Never ends.
    pub(crate) async fn run(&self, every_tick: impl Fn()) {
        loop {
            if self.entries.borrow().is_empty() {
                self.wound.notified().await;
            }
            tokio::time::sleep(TICK).await;
            self.read();
            self.wake();
            every_tick();
        }
    }

    /// Ends what is idle soon, and looks at everything once.
    pub(crate) fn hurry_idle(&self, after: Ticks) {
        let latest = self.now.get().saturating_add(after.0);
        for (_, entry) in self.entries.borrow().iter().filter(|(_, entry)| entry.idle.get()) {
            entry.at.set(entry.at.get().min(latest));
        }
    }

    fn read(&self) {
        let ticks = self.start.elapsed().as_millis() / TICK.as_millis();
        self.now.set(u64::try_from(ticks).unwrap_or(u64::MAX));
    }

    fn wake(&self) {
        let now = self.now.get();
        for (_, entry) in self.entries.borrow().iter().filter(|(_, entry)| entry.at.get() <= now) {
            if let Some(waker) = entry.waker.borrow_mut().take() {
                waker.wake();
            }
        }
    }
}

/// One deadline, moved from wait to wait.
#[derive(Debug)]
pub(crate) struct Deadline {
    clock: Rc<Clock>,
    entry: Rc<Entry>,
    key: usize,
}

impl Deadline {
    pub(crate) fn new(clock: &Rc<Clock>) -> Deadline {
        let mut entries = clock.entries.borrow_mut();
        if entries.is_empty() {
            // The clock stood still.
            clock.read();
            clock.wound.notify_one();
        }
        let entry = Rc::new(Entry {
            at: Cell::new(u64::MAX),
            most: Cell::new(u64::MAX),
            idle: Cell::new(false),
            waker: RefCell::new(None),
        });
        let key = entries.insert(Rc::clone(&entry));
        Deadline { clock: Rc::clone(clock), entry, key }
    }

    /// From now on, so long.
    pub(crate) fn set(&self, after: Ticks) {
        self.store(after, false);
    }

    /// So long, and nothing is lost if it's cut short.
    pub(crate) fn set_idle(&self, after: Ticks) {
        self.store(after, true);
    }

    /// Never later than so long from now.
    pub(crate) fn cap(&self, most: Ticks) {
        self.entry.most.set(self.clock.now.get().saturating_add(most.0.saturating_add(1)));
    }

    /// Whether nothing can move it any more.
    pub(crate) fn is_at_cap(&self) -> bool {
        self.entry.most.get() <= self.clock.now.get()
    }

    fn store(&self, after: Ticks, idle: bool) {
        // One more, since the current tick is partly over.
        let at = self.clock.now.get().saturating_add(after.0 + 1);
        self.entry.at.set(at.min(self.entry.most.get()));
        self.entry.idle.set(idle);
    }

    /// Waits for `future` until the deadline, wherever it is moved meanwhile.
    pub(crate) async fn watch<T>(&self, future: impl Future<Output = T>) -> Result<T, Elapsed> {
        let mut future = pin!(future);
        std::future::poll_fn(|context| {
            if let Poll::Ready(value) = future.as_mut().poll(context) {
                return Poll::Ready(Ok(value));
            }
            if self.entry.at.get() <= self.clock.now.get() {
                return Poll::Ready(Err(Elapsed));
            }
            let mut waker = self.entry.waker.borrow_mut();
            if !waker.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
                *waker = Some(context.waker().clone());
            }
            Poll::Pending
        })
        .await
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        self.clock.entries.borrow_mut().try_remove(self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_ends_a_wait_and_moving_it_goes_on() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let clock = Rc::new(Clock::new());
            let deadline = Deadline::new(&clock);
            deadline.set(Ticks::from(Duration::from_millis(1)));
            let mut ticking = pin!(clock.run(|| {}));
            let mut waiting = pin!(deadline.watch(std::future::pending::<()>()));
            let over = std::future::poll_fn(|context| {
                assert!(ticking.as_mut().poll(context).is_pending(), "the clock runs for ever");
                waiting.as_mut().poll(context)
            });
            assert_eq!(over.await, Err(Elapsed));
            assert!(clock.now() >= 1);
        });
    }

    #[test]
    fn spans_are_rounded_up() {
        assert_eq!(Ticks::from(Duration::from_millis(1)), Ticks(1));
        assert_eq!(Ticks::from(Duration::from_secs(5)), Ticks(50));
        assert_eq!(Ticks::from(Duration::from_millis(101)), Ticks(2));
    }
}
