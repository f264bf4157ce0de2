//! h2spec against `net-alb dev`, in clear and by TLS: every case must pass.

use anyhow::{Context, Result, bail, ensure};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The release that is installed where there is none.
const MODULE: &str = "github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible";

/// A rule for any host, since h2spec asks for the address that it connects to.
const RULES: &str = "\
apiVersion: alibabacloud.com/v1
kind: AlbConfig
metadata: {name: any}
spec:
  config: {name: any, addressType: Internet}
  listeners: [{port: 80, protocol: HTTP}, {port: 443, protocol: HTTPS}]
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: any}
spec:
  controller: ingress.k8s.alibabacloud/alb
  parameters: {apiGroup: alibabacloud.com, kind: AlbConfig, name: any}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: any
  namespace: default
  annotations: {alb.ingress.kubernetes.io/listen-ports: '[{\"HTTP\": 80}, {\"HTTPS\": 443}]'}
spec:
  ingressClassName: any
  rules:
  - http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: h2spec-00001, port: {number: 80}}}}
---
apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: h2spec
  namespace: default
  labels: {networking.knative.dev/visibility: cluster-local}
spec:
  template:
    spec:
      containers: [{image: registry.example/h2spec}]
";

/// Where Go is, as `ci` wants to know.
pub(crate) fn has_go() -> bool {
    Command::new("go").arg("version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// Installs h2spec into `target/`, starts `dev`, and runs all cases on each port.
pub(crate) fn run(root: &Path) -> Result<()> {
    let h2spec = install(root)?;
    let folder = tempfile::tempdir()?;
    let rules = folder.path().join("h2spec.yaml");
    std::fs::write(&rules, RULES)?;
    let mut dev = Dev::start(root, &rules)?;
    let outcome = dev.ports().and_then(|ports| {
        ports.iter().try_for_each(|(scheme, port)| {
            println!("==> h2spec by {scheme} on port {port}");
            let mut command = Command::new(&h2spec);
            command.args(["--strict", "--host", "127.0.0.1", "--port", port, "--timeout", "5"]);
            if scheme == "https" {
                command.args(["--tls", "--insecure"]);
            }
            let status = command.status().context("starting h2spec")?;
            ensure!(status.success(), "h2spec found cases that fail, by {scheme}; see above");
            Ok(())
        })
    });
    dev.stop();
    outcome
}

fn install(root: &Path) -> Result<PathBuf> {
    let folder = root.join("target/go-bin");
    let program = folder.join("h2spec");
    if !program.exists() {
        println!("installing {MODULE}");
        let status = Command::new("go").args(["install", MODULE]).env("GOBIN", &folder).status();
        ensure!(status.context("starting `go`; install Go first")?.success(), "`go install {MODULE}` failed");
    }
    Ok(program)
}

struct Dev(Child);

impl Dev {
    fn start(root: &Path, rules: &Path) -> Result<Dev> {
        let mut build = Command::new("cargo");
        let status = build.args(["build", "--package", "net-alb", "--locked"]).current_dir(root).status();
        ensure!(status.context("starting `cargo`")?.success(), "net-alb doesn't build");
        let free = "127.0.0.1:0";
        let child = Command::new(root.join("target/debug/net-alb"))
            .arg("dev")
            .arg(rules)
            .args(["--https", "--listen", free, "--listen-local", free, "--listen-https", free])
            .stdout(Stdio::piped())
            .spawn()
            .context("starting `net-alb dev`")?;
        Ok(Dev(child))
    }

    /// The public ports that it prints: `public http://127.0.0.1:40123`.
    fn ports(&mut self) -> Result<Vec<(String, String)>> {
        let stdout = self.0.stdout.take().context("its output")?;
        let mut ports = Vec::new();
        for line in BufReader::new(stdout).lines() {
            let line = line?;
            if let Some((scheme, address)) =
                line.strip_prefix("public ").and_then(|url| url.split_once("://"))
            {
                let (_, port) = address.rsplit_once(':').context("a port")?;
                ports.push((scheme.to_owned(), port.trim().to_owned()));
            }
            if line.starts_with("serving ") {
                break;
            }
        }
        if ports.is_empty() {
            bail!("`net-alb dev` printed no public port");
        }
        Ok(ports)
    }

    fn stop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
