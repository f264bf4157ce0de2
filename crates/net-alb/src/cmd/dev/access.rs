//! `--access-log`: a line a request, printed by a thread of its own so that no request waits for a terminal.

use net_alb_gateway::{AccessLog, Record};
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Lines that may wait for a slow terminal; beyond them lines are counted instead.
const WAITING: usize = 4096;

/// Hands lines to the thread that prints them.
#[derive(Debug)]
pub(super) struct Lines {
    lines: SyncSender<String>,
    lost: AtomicU64,
}

/// Starts the printing thread.
pub(super) fn start() -> io::Result<Lines> {
    let (lines, receiver) = sync_channel(WAITING);
    std::thread::Builder::new().name("access-log".to_owned()).spawn(move || print(&receiver))?;
    Ok(Lines { lines, lost: AtomicU64::new(0) })
}

impl AccessLog for Lines {
    fn record(&self, record: &Record<'_>) {
        let lost = self.lost.swap(0, Ordering::Relaxed);
        let line = match lost {
            0 => record.to_string(),
            count => format!("({count} lines left out: the terminal is too slow)\n{record}"),
        };
        if self.lines.try_send(line).is_err() {
            self.lost.fetch_add(lost + 1, Ordering::Relaxed);
        }
    }
}

fn print(lines: &Receiver<String>) {
    while let Ok(line) = lines.recv() {
        // Whoever read the lines may be gone; the requests go on.
        let _ = writeln!(anstream::stdout().lock(), "{line}");
    }
}
