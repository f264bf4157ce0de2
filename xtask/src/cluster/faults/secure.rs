//! Requests by HTTPS, each batch with a handshake of its own.

use super::super::api::Kind;
use super::super::objects::{NAMESPACE, host, kingress};
use super::super::{Layer, kubectl};
use super::lab::{LOADED, Lab};
use anyhow::{Context, Result, ensure};
use serde_json::json;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The KIngress and its Secret.
const NAME: &str = "secure";

/// A client that goes on asking.
#[derive(Debug)]
pub(super) struct Secure {
    stop: Arc<AtomicBool>,
    client: JoinHandle<(usize, usize)>,
    _folder: TempDir,
}

impl Secure {
    /// Makes a certificate, a KIngress with it, and begins to ask once it is ready.
    pub(super) fn prepare(lab: &Lab) -> Result<Secure> {
        let folder = tempfile::tempdir()?;
        let (certificate, key) = (folder.path().join("tls.crt"), folder.path().join("tls.key"));
        issue(&certificate, &key)?;
        let files = [format!("--cert={}", certificate.display()), format!("--key={}", key.display())];
        kubectl(&["-n", NAMESPACE, "create", "secret", "tls", NAME, &files[0], &files[1]])?;
        let mut object = kingress(NAME, Layer::NetAlb, LOADED);
        object["spec"]["tls"] =
            json!([{ "hosts": [host(NAME)], "secretName": NAME, "secretNamespace": NAMESPACE }]);
        lab.api.create(Kind::KIngresses, &object)?;
        let ready = lab.watch.one(NAME, 1, Instant::now() + Duration::from_mins(1));
        ensure!(ready.is_some(), "the KIngress with a certificate isn't ready after a minute");
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, address) = (Arc::clone(&stop), lab.gateway.ip().to_string());
        let client = thread::spawn(move || {
            let (mut asked, mut failed) = (0, 0);
            while !stopped.load(Ordering::Relaxed) {
                let wrong = batch(&certificate, &address);
                asked += BATCH;
                failed += wrong;
            }
            (asked, failed)
        });
        Ok(Secure { stop, client, _folder: folder })
    }

    /// How many were asked, and how many of them failed.
    pub(super) fn end(self) -> Result<(usize, usize)> {
        self.stop.store(true, Ordering::Relaxed);
        self.client.join().map_err(|_| anyhow::anyhow!("the client panicked"))
    }
}

/// Requests over one connection.
const BATCH: usize = 50;

/// Asks so often; how often the answer wasn't 200.
fn batch(certificate: &Path, address: &str) -> usize {
    let name = host(NAME);
    let output = Command::new("curl")
        .args(["--silent", "--max-time", "20", "--output", "/dev/null", "--write-out", "%{http_code}\n"])
        .args(["--connect-to", &format!("::{address}:443"), "--cacert"])
        .arg(certificate)
        .arg(format!("https://{name}/?[1-{BATCH}]"))
        .output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    BATCH - text.lines().filter(|line| *line == "200").count()
}

fn issue(certificate: &Path, key: &Path) -> Result<()> {
    let alternative = format!("subjectAltName=DNS:{}", host(NAME));
    let output = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
        ])
        .args(["-subj", "/CN=secure", "-addext", &alternative, "-keyout"])
        .arg(key)
        .arg("-out")
        .arg(certificate)
        .output()
        .context("starting openssl")?;
    ensure!(output.status.success(), "openssl: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}
