//! `cargo xtask endure`: what slow clients and huge bodies cost. Ten thousand clients that take their time, 1 GiB to and from peers that
//! read slowly, and beside them somebody who just wants an answer.

mod server;
mod slow;

use anyhow::{Context, Result, bail, ensure};
use procfs::process::Process;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The program; build it with `cargo build --profile dist` for figures that mean something
    #[arg(long, value_name = "FILE", default_value = "target/dist/net-alb")]
    program: PathBuf,
    /// Slow clients
    #[arg(long, value_name = "N", default_value = "10000")]
    clients: usize,
    /// Bytes of each huge body, in MiB
    #[arg(long, value_name = "MIB", default_value = "1024")]
    body: u64,
    /// How fast the slow side of a huge body is, in MiB a second
    #[arg(long, value_name = "MIB", default_value = "64")]
    pace: u64,
}

/// What must hold at the end.
const MOST_MEMORY: u64 = 200 << 20;
const MOST_WAITING: Duration = Duration::from_millis(5);

const APP: &str = "
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: hello}
spec:
  template: {spec: {containers: [{image: example.com/hello}]}}
  traffic: [{revisionName: hello-00001, percent: 100}]
";
const HOST: &str = "hello.default.example.com";
/// How much is sent or read at once.
const PIECE: usize = 64 * 1024;

/// What was measured.
#[derive(Debug, Default)]
struct Seen {
    memory: AtomicU64,
    over: AtomicBool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let (bytes, pace) = (arguments.body << 20, arguments.pace << 20);
    let backend = server::start(bytes, pace)?;
    let mut program = Dev::start(&arguments.program, backend)?;
    let (listen, pid) = (program.listen()?, program.0.id());
    let seen = Seen::default();
    let waits = thread::scope(|scope| -> Result<Vec<Duration>> {
        let watching = scope.spawn(|| watch(pid, &seen));
        let slow = scope.spawn(|| slow::run(listen, arguments.clients, &seen.over));
        slow::wait_for(&slow, listen, arguments.clients)?;
        let asking = scope.spawn(|| ask(listen, &seen.over));
        let (down, up) =
            (scope.spawn(|| download(listen, bytes, pace)), scope.spawn(|| upload(listen, bytes)));
        let bodies = [down.join(), up.join()];
        seen.over.store(true, Ordering::Relaxed);
        for body in bodies {
            body.map_err(|_| anyhow::anyhow!("a huge body's thread panicked"))??;
        }
        let lost = slow.join().map_err(|_| anyhow::anyhow!("the slow clients' thread panicked"))??;
        watching.join().map_err(|_| anyhow::anyhow!("the watching thread panicked"))??;
        println!("slow clients: {}, lost: {lost}", arguments.clients);
        asking.join().map_err(|_| anyhow::anyhow!("the asking thread panicked"))?
    })?;
    judge(waits, seen.memory.load(Ordering::Relaxed))
}

fn judge(mut waits: Vec<Duration>, memory: u64) -> Result<()> {
    waits.sort_unstable();
    let at = |share: usize| waits.get(waits.len() * share / 100).copied().unwrap_or_default();
    let (middle, most) = (at(50), at(99));
    println!("memory: {} MiB at most", memory >> 20);
    println!("others: {} requests, p50 {middle:?}, p99 {most:?}", waits.len());
    if memory > MOST_MEMORY || most > MOST_WAITING {
        bail!("at most {} MiB and {MOST_WAITING:?} are allowed", MOST_MEMORY >> 20);
    }
    Ok(())
}

/// Looks at the program's memory until it's over.
fn watch(pid: u32, seen: &Seen) -> Result<()> {
    let process = Process::new(i32::try_from(pid)?)?;
    while !seen.over.load(Ordering::Relaxed) {
        let resident = process.stat()?.rss * procfs::page_size();
        seen.memory.fetch_max(resident, Ordering::Relaxed);
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// Somebody who just wants an answer, two hundred times a second.
fn ask(server: SocketAddr, over: &AtomicBool) -> Result<Vec<Duration>> {
    let mut stream = TcpStream::connect(server)?;
    stream.set_nodelay(true)?;
    let request = format!("GET /small HTTP/1.1\r\nHost: {HOST}\r\n\r\n");
    let (mut waits, mut answer) = (Vec::new(), [0; 4096]);
    while !over.load(Ordering::Relaxed) {
        let begun = Instant::now();
        stream.write_all(request.as_bytes())?;
        let count = stream.read(&mut answer)?;
        waits.push(begun.elapsed());
        if !answer[..count].starts_with(b"HTTP/1.1 200 ") {
            bail!("somebody got `{}`", String::from_utf8_lossy(&answer[..count.min(60)]));
        }
        thread::sleep(Duration::from_millis(5));
    }
    Ok(waits)
}

/// A client that reads a huge answer slowly.
fn download(server: SocketAddr, bytes: u64, pace: u64) -> Result<()> {
    let mut stream = TcpStream::connect(server)?;
    stream
        .write_all(format!("GET /huge HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n").as_bytes())?;
    let read = server::drain(&mut stream, u64::MAX, pace)?;
    ensure!(read >= bytes, "the download ended after {read} bytes");
    Ok(())
}

/// A client that sends a huge body as fast as it may; the server reads slowly.
fn upload(server: SocketAddr, bytes: u64) -> Result<()> {
    let mut stream = TcpStream::connect(server)?;
    let head =
        format!("POST /up HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {bytes}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes())?;
    let piece = vec![b'x'; PIECE];
    for _ in 0..bytes / PIECE as u64 {
        stream.write_all(&piece)?;
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    if answer.starts_with("HTTP/1.1 200 ") { Ok(()) } else { bail!("the upload got `{answer}`") }
}

/// The program; it ends with this.
struct Dev(Child);

impl Dev {
    fn start(program: &Path, backend: SocketAddr) -> Result<Dev> {
        let revision = format!("hello-00001={backend}");
        let arguments = ["dev", "-", "--listen", "127.0.0.1:0", "--listen-local", "127.0.0.1:0"];
        let mut command = Command::new(program);
        command.args(arguments).args([
            "--backend",
            &revision,
            "--access-log=json",
            "--access-log-share",
            "0.01",
        ]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().with_context(|| {
            format!("starting {}; `cargo build --profile dist` makes it", program.display())
        })?;
        child.stdin.take().context("its stdin is piped")?.write_all(APP.as_bytes())?;
        Ok(Dev(child))
    }

    /// Where it serves. What else it prints is read by nobody, in a thread of its own.
    fn listen(&mut self) -> Result<SocketAddr> {
        let mut lines = BufReader::new(self.0.stdout.take().context("its stdout is piped")?).lines();
        let found = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("public http://").map(str::to_owned));
        thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Ok(found.context("it says where it serves")?.parse()?)
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
