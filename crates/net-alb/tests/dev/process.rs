//! A running `net-alb dev` and what it prints.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Nothing that is waited for takes as long; a test that fails shouldn't hang.
const PATIENCE: Duration = Duration::from_secs(30);

/// An empty folder of this test's own.
pub(crate) fn folder(test: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("dev-{test}"));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

/// The process; killed when a test ends early.
pub(crate) struct Dev {
    child: Child,
    /// Lines as they come, with whether they are from stdout. The two streams overtake each other.
    lines: Receiver<(bool, String)>,
    /// Every line so far; `true` for those that a test has waited for.
    seen: Vec<(bool, String)>,
    waited: Vec<bool>,
}

impl Dev {
    /// Starts `net-alb dev --listen 127.0.0.1:0 --listen-local 127.0.0.1:0 ARGS`.
    pub(crate) fn start(args: &[&str]) -> Dev {
        Dev::start_with_stdin(args, "")
    }

    /// The same, with something to read on stdin.
    pub(crate) fn start_with_stdin(args: &[&str], stdin: &str) -> Dev {
        Dev::spawn("127.0.0.1:0", &[], args, stdin)
    }

    /// The same, with these environment variables.
    pub(crate) fn start_in(environment: &[(&str, &str)], args: &[&str]) -> Dev {
        Dev::spawn("127.0.0.1:0", environment, args, "")
    }

    /// The same, with public hosts there.
    pub(crate) fn start_at(listen: &str, args: &[&str]) -> Dev {
        Dev::spawn(listen, &[], args, "")
    }

    fn spawn(listen: &str, environment: &[(&str, &str)], args: &[&str], stdin: &str) -> Dev {
        let mut child = Command::new(env!("CARGO_BIN_EXE_net-alb"))
            .args(["dev", "--listen", listen, "--listen-local", "127.0.0.1:0"])
            .args(["--listen-https", "127.0.0.1:0", "--threads", "2"])
            .args(args)
            .envs(environment.iter().copied())
            .env("XDG_STATE_HOME", Path::new(env!("CARGO_TARGET_TMPDIR")).join("state"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
        let (sender, lines) = channel();
        let outputs: [(bool, Box<dyn Read + Send>); 2] =
            [(true, Box::new(child.stdout.take().unwrap())), (false, Box::new(child.stderr.take().unwrap()))];
        for (is_stdout, output) in outputs {
            let sender = sender.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    let _ = sender.send((is_stdout, line));
                }
            });
        }
        Dev { child, lines, seen: Vec::new(), waited: Vec::new() }
    }

    /// Waits until a line is printed that contains `text` and wasn't waited for before, and returns it.
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        let mut from = 0;
        loop {
            for index in from..self.seen.len() {
                if !self.waited[index] && self.seen[index].1.contains(text) {
                    self.waited[index] = true;
                    return self.seen[index].1.clone();
                }
            }
            from = self.seen.len();
            let line = self.lines.recv_timeout(PATIENCE).unwrap_or_else(|error| {
                panic!("no line with `{text}` ({error}); printed so far:\n{}", self.printed())
            });
            self.see(line);
        }
    }

    fn see(&mut self, line: (bool, String)) {
        self.seen.push(line);
        self.waited.push(false);
    }

    /// Waits until both listeners are there; returns the addresses of the public and the cluster-local one.
    pub(crate) fn addresses(&mut self) -> (SocketAddr, SocketAddr) {
        let mut address = |title: &str| address(&self.wait_for(title));
        let addresses = (address("public http://"), address("cluster-local http://"));
        self.wait_for("watching ");
        addresses
    }

    /// Waits until everything is served; returns the addresses of the listeners that there are.
    pub(crate) fn listeners(&mut self) -> (Option<SocketAddr>, Option<SocketAddr>) {
        self.wait_for("serving ");
        let find = |title: &str| self.stdout().into_iter().find(|line| line.starts_with(title)).map(address);
        (find("public http://"), find("cluster-local http://"))
    }

    /// Everything printed so far.
    pub(crate) fn printed(&self) -> String {
        self.seen.iter().map(|(_, line)| line.as_str()).collect::<Vec<_>>().join("\n")
    }

    /// The lines of stdout so far.
    pub(crate) fn stdout(&self) -> Vec<&str> {
        self.seen.iter().filter(|(is_stdout, _)| *is_stdout).map(|(_, line)| line.as_str()).collect()
    }

    /// Sends SIGTERM and waits for the end.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        let killed = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(killed.success());
        self.end()
    }

    /// Waits for the end.
    pub(crate) fn end(&mut self) -> ExitStatus {
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            self.see(line);
        }
        self.child.wait().unwrap()
    }
}

fn address(line: &str) -> SocketAddr {
    line.rsplit("http://").next().unwrap().parse().unwrap()
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
