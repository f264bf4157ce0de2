use super::{Board, Line};
use hyper::body::Bytes;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::Sender;
use tokio::time::timeout;

/// How often a stream without news says that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// Lines that are written at a time.
const CHUNK: usize = 256;

/// Tells a client everything that is on the board, and from then on every change. Ends where the client is gone, or too slow to
/// be told everything.
pub async fn tell(board: Arc<Board>, client: Sender<Bytes>) {
    let mut news = board.subscribe();
    let (mut reached, mut synced) = (None, false);
    loop {
        news.mark_unchanged();
        let Some((mut lines, cursor)) = board.since(reached, CHUNK) else { return };
        reached = Some(cursor);
        if lines.len() < CHUNK && !std::mem::replace(&mut synced, true) {
            lines.push(Line::Synced);
        }
        if lines.is_empty() {
            match timeout(HEARTBEAT, news.changed()).await {
                Ok(Ok(())) => continue,
                Ok(Err(_)) => return,
                Err(_) => lines.push(Line::Alive),
            }
        }
        if client.send(text(&lines)).await.is_err() {
            return;
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
