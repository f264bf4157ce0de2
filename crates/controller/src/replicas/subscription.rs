use crate::acknowledgement::Line;
use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// What comes from a replica.
#[derive(Debug)]
pub enum Heard {
    /// Its stream has begun.
    Connected,
    /// It says something.
    Line(Line),
    /// Its stream broke off or couldn't begin, for this cause; it is tried again.
    Lost(String),
}

/// To connect and to get the head of the answer.
const CONNECT: Duration = Duration::from_secs(2);
/// Without any line, alive or not, for so long it isn't there: three heartbeats.
const SILENCE: Duration = Duration::from_secs(15);
/// No line is longer.
const LONGEST_LINE: usize = 256 << 10;
/// Between two tries: twice as long after each, from the first to the last.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// Listens to a replica for good: whatever comes, with its name, goes to `to`. Ends where nobody listens any more.
pub async fn subscribe(name: String, address: SocketAddr, to: mpsc::Sender<(String, Heard)>) {
    let mut pause = PAUSES.0;
    loop {
        let mut listening = Listening { name: &name, to: &to, connected: false };
        let Err(cause) = listening.run(address).await;
        if listening.connected {
            pause = PAUSES.0;
        }
        if listening.tell(Heard::Lost(cause.to_string())).await.is_err() {
            return;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSES.1);
    }
}

struct Listening<'a> {
    name: &'a str,
    to: &'a mpsc::Sender<(String, Heard)>,
    connected: bool,
}

type Broken = Box<dyn Error + Send + Sync>;

impl Listening<'_> {
    async fn run(&mut self, address: SocketAddr) -> Result<std::convert::Infallible, Broken> {
        let mut body = timeout(CONNECT, ask(address)).await.map_err(|_| "no answer in 2 s")??;
        self.connected = true;
        self.tell(Heard::Connected).await?;
        let mut rest: Vec<u8> = Vec::new();
        loop {
            let frame = timeout(SILENCE, body.frame()).await.map_err(|_| "silent for 15 s")?;
            let Some(data) = frame.ok_or("the stream ended")??.into_data().ok() else { continue };
            let mut lines = data.split(|byte| *byte == b'\n');
            let Some(first) = lines.next() else { continue };
            rest.extend_from_slice(first);
            for next in lines {
                let line = serde_json::from_slice(&rest)?;
                rest.clear();
                rest.extend_from_slice(next);
                self.tell(Heard::Line(line)).await?;
            }
            if rest.len() > LONGEST_LINE {
                return Err("a line doesn't end".into());
            }
        }
    }

    async fn tell(&self, heard: Heard) -> Result<(), Broken> {
        Ok(self.to.send((self.name.to_owned(), heard)).await?)
    }
}

async fn ask(address: SocketAddr) -> Result<Incoming, Broken> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    // It ends with the body.
    tokio::spawn(connection);
    let request = Request::get("/acknowledgements").header("host", address.to_string());
    let response = sender.send_request(request.body(Empty::<Bytes>::new())?).await?;
    match response.status() {
        StatusCode::OK => Ok(response.into_body()),
        status => Err(format!("it answered {status}").into()),
    }
}
