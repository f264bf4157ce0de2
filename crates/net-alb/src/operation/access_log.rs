//! `--access-log`: a line a request, printed by a thread of its own so that no request waits for a terminal.

use clap::ValueEnum;
use net_alb_diag::metrics::{Family, Source, Value, gateway::ACCESS_LOG_DROPPED};
use net_alb_gateway::{AccessLog, Record};
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::time::{Duration, SystemTime};

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AccessLogFormat {
    Text,
    Json,
}

/// Lines that may wait for a slow terminal; beyond them lines are counted instead.
const WAITING: usize = 4096;

/// How long a line may wait for others to be printed with it: waking the printing thread costs more than many lines do.
const GATHERING: Duration = Duration::from_millis(20);

/// How long the end of the program waits for the last lines.
const FAREWELL: Duration = Duration::from_secs(1);

/// Hands lines to the thread that prints them.
#[derive(Debug)]
pub(crate) struct Lines {
    format: AccessLogFormat,
    printer: SyncSender<Message>,
    dropped: AtomicU64,
}

#[derive(Debug)]
enum Message {
    Line(String),
    /// Everything before it has been printed when this is dropped.
    Flush(#[allow(dead_code, reason = "dropping it is what tells")] std::sync::mpsc::Sender<()>),
}

impl Lines {
    /// Starts the printing thread.
    pub(super) fn start(format: AccessLogFormat) -> io::Result<Arc<Lines>> {
        let (printer, receiver) = sync_channel(WAITING);
        std::thread::Builder::new().name("access-log".to_owned()).spawn(move || print(&receiver))?;
        Ok(Arc::new(Lines { format, printer, dropped: AtomicU64::new(0) }))
    }

    /// Waits until what has been recorded is printed, for a moment at most.
    pub(super) fn flush(&self) {
        let (told, printed) = channel();
        if self.printer.try_send(Message::Flush(told)).is_ok() {
            let _ = printed.recv_timeout(FAREWELL);
        }
    }
}

impl AccessLog for Lines {
    fn record(&self, record: &Record<'_>) {
        let line = match self.format {
            AccessLogFormat::Text => record.to_string(),
            AccessLogFormat::Json => record.to_json(SystemTime::now()),
        };
        if self.printer.try_send(Message::Line(line)).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Source for Lines {
    fn collect(&self, families: &mut Vec<Family>) {
        let dropped = self.dropped.load(Ordering::Relaxed);
        families.push(Family::single(&ACCESS_LOG_DROPPED, Value::Count(dropped)));
    }
}

/// Prints as many lines at once as are there.
fn print(lines: &Receiver<Message>) {
    let mut count = 0;
    while let Ok(first) = lines.recv() {
        // Where many come anyhow, too many would while this thread sleeps.
        if count < WAITING / 8 {
            std::thread::sleep(GATHERING);
        }
        count = 0;
        let mut out = io::BufWriter::new(io::stdout().lock());
        let mut told = Vec::new();
        for message in std::iter::once(first).chain(lines.try_iter().take(WAITING)) {
            match message {
                // Whoever read the lines may be gone; the requests go on.
                Message::Line(line) => drop(writeln!(out, "{line}")),
                Message::Flush(waiting) => told.push(waiting),
            }
            count += 1;
        }
        let _ = out.flush();
    }
}
