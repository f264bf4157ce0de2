use super::{Board, Line};
use futures_util::{Stream, stream};
use http_body_util::StreamBody;
use hyper::body::{Bytes, Frame};
use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often a stream without news says that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// Lines that are written at a time.
const CHUNK: usize = 256;

/// A body of lines that doesn't end.
pub struct Lines(StreamBody<Pin<Box<dyn Stream<Item = Result<Frame<Bytes>, Infallible>> + Send>>>);

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lines")
    }
}

impl hyper::body::Body for Lines {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Pin::new(&mut self.0).poll_frame(context)
    }
}

/// Everything on the board, and from then on every change. It ends where the client is too slow to be told everything.
pub fn lines(board: Arc<Board>) -> Lines {
    let news = board.subscribe();
    let reader = Reader { board, news, cursor: None, synced: false };
    Lines(StreamBody::new(Box::pin(stream::unfold(reader, Reader::next))))
}

struct Reader {
    board: Arc<Board>,
    news: watch::Receiver<u64>,
    cursor: Option<u64>,
    synced: bool,
}

impl Reader {
    async fn next(mut self) -> Option<(Result<Frame<Bytes>, Infallible>, Reader)> {
        loop {
            self.news.mark_unchanged();
            let (mut lines, cursor) = self.board.since(self.cursor, CHUNK)?;
            let is_all = lines.len() < CHUNK;
            self.cursor = Some(cursor);
            if is_all && !std::mem::replace(&mut self.synced, true) {
                lines.push(Line::Synced);
            }
            if lines.is_empty() {
                match tokio::time::timeout(HEARTBEAT, self.news.changed()).await {
                    Ok(Ok(())) => continue,
                    Ok(Err(_)) => return None,
                    Err(_) => lines.push(Line::Alive),
                }
            }
            return Some((Ok(Frame::data(text(&lines))), self));
        }
    }
}

fn text(lines: &[Line]) -> Bytes {
    let mut text = Vec::new();
    for line in lines {
        serde_json::to_writer(&mut text, line).expect("a line is plain text and memory takes it");
        text.push(b'\n');
    }
    text.into()
}
