//! `cargo xtask interop`: HTTP/3 clients that have no code in common with the gateway, against `net-alb dev --https`.

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// What is served, and the host to ask for.
const EXAMPLE: &str = "examples/helloworld-go.yaml";
const HOST: &str = "helloworld-go.default.example.com";
const REVISIONS: [&str; 2] = ["helloworld-go-00001", "helloworld-go-00002"];

/// Requests to the weighted split; an even number.
const SPLIT: usize = 20;

/// Installs the clients and runs them; a client that doesn't get what it should is an error.
pub(crate) fn run(root: &Path) -> Result<()> {
    let folder = root.join("target/interop");
    std::fs::create_dir_all(&folder)?;
    let clients = [("aioquic", aioquic(root, &folder)?), ("quic-go", quic_go(root, &folder)?)];
    let dev = Dev::start(root, &folder)?;
    for (name, client) in clients {
        let answers = ask(client, &dev).with_context(|| format!("asking by {name}"))?;
        judge(&answers).with_context(|| format!("what {name} got: {answers:#?}"))?;
        println!("{name}: {} requests on one connection, each answered by the right revision", answers.len());
    }
    Ok(())
}

/// A Python environment, made once.
fn aioquic(root: &Path, folder: &Path) -> Result<Command> {
    let (venv, source) = (folder.join("venv"), root.join("interop/http3/aioquic"));
    let python = venv.join("bin/python");
    if !python.exists() {
        finish(Command::new("python3").args(["-m", "venv"]).arg(&venv)).context("Debian: python3-venv")?;
    }
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
    finish(Command::new(&python).args(install).arg(source.join("requirements.txt")))?;
    let mut client = Command::new(python);
    client.arg(source.join("client.py"));
    Ok(client)
}

fn quic_go(root: &Path, folder: &Path) -> Result<Command> {
    let program = folder.join("quic-go");
    let mut build = Command::new("go");
    build.args(["build", "-o"]).arg(&program).arg(".").current_dir(root.join("interop/http3/quic-go"));
    finish(&mut build)?;
    Ok(Command::new(program))
}

/// `net-alb dev --https` on free ports, until it's dropped.
struct Dev {
    process: Child,
    address: String,
    authority: PathBuf,
}

impl Dev {
    fn start(root: &Path, folder: &Path) -> Result<Dev> {
        finish(Command::new("cargo").args(["build", "--quiet", "--package", "net-alb"]).current_dir(root))?;
        let metadata = cargo_metadata::MetadataCommand::new().current_dir(root).no_deps().exec()?;
        let program = metadata.target_directory.as_std_path().join("debug/net-alb");
        let free = "127.0.0.1:0";
        let mut process = Command::new(program)
            .args(["dev", "--https", "--listen", free, "--listen-local", free, "--listen-https", free])
            .arg(EXAMPLE)
            .current_dir(root)
            .env("XDG_STATE_HOME", folder)
            .stdout(Stdio::piped())
            .spawn()?;
        let printed = process.stdout.take().context("stdout is a pipe")?;
        let mut dev = Dev { process, address: String::new(), authority: folder.join("net-alb/dev-ca.pem") };
        // What is printed after the address fits into the pipe.
        for line in BufReader::new(printed).lines() {
            let line = line?;
            if let Some(address) = line.strip_prefix("public https://") {
                address.clone_into(&mut dev.address);
            }
            if line.starts_with("serving ") && !dev.address.is_empty() {
                return Ok(dev);
            }
        }
        bail!("`net-alb dev --https` ended before it served anything")
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A request as the clients read it.
fn request(headers: &[[&str; 2]], body: usize) -> Value {
    json!({"method": if body > 0 { "POST" } else { "GET" }, "path": "/", "headers": headers, "body": body})
}

fn requests() -> Vec<Value> {
    let picked = [
        request(&[["Knative-Serving-Tag", "rev1"]], 0),
        request(&[["demo", "always"], ["header2", "v2"]], 0),
        request(&[["cookie", "demo=always; cookie2=v2"]], 0),
        request(&[["Knative-Serving-Tag", "rev1"]], 1_000_000),
    ];
    picked.into_iter().chain(std::iter::repeat_n(request(&[], 0), SPLIT)).collect()
}

/// What a client gets for all requests.
fn ask(mut client: Command, dev: &Dev) -> Result<Vec<Value>> {
    client.arg(&dev.address).arg(&dev.authority).arg(HOST);
    let mut process = client.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut input = process.stdin.take().context("stdin is a pipe")?;
    for request in requests() {
        writeln!(input, "{request}")?;
    }
    drop(input);
    let output = process.wait_with_output()?;
    ensure!(output.status.success(), "it ended with {}", output.status);
    let lines = output.stdout.lines().map(|line| Ok(serde_json::from_str(&line?)?));
    lines.collect()
}

/// The tag, header and cookie lead to the second revision; the rest goes to both in equal parts.
fn judge(answers: &[Value]) -> Result<()> {
    ensure!(answers.len() == requests().len(), "{} answers", answers.len());
    ensure!(answers.iter().all(|answer| answer["status"] == 200), "not every answer is 200");
    let (picked, split) = answers.split_at(answers.len() - SPLIT);
    ensure!(picked.iter().all(|answer| answer["revision"] == REVISIONS[1]), "a gray rule isn't followed");
    let seen: BTreeSet<_> = split.iter().filter_map(|answer| answer["revision"].as_str()).collect();
    ensure!(seen == BTreeSet::from(REVISIONS), "the split leads to {seen:?}");
    let first = split.iter().filter(|answer| answer["revision"] == REVISIONS[0]).count();
    // Each thread's turn in the split is the listener's, and other clients have had some.
    ensure!(first.abs_diff(SPLIT / 2) <= 1, "{first} of {SPLIT} went to {}", REVISIONS[0]);
    Ok(())
}

fn finish(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("starting {command:?}"))?;
    ensure!(status.success(), "{command:?} ended with {status}");
    Ok(())
}
