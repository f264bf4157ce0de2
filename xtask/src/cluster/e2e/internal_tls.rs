use super::cluster::{Cluster, wait};
use super::expect;
use anyhow::{Context, Result, ensure};
use serde_json::json;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

const NAME: &str = "internal-tls";
const HOST: &str = "internal-tls.default.example.com";
/// The node's own address: pods reach it.
const NODE: &str = "10.77.0.1";

/// With `system-internal-tls`, servers must prove who they are before they get a request.
pub(super) fn run(cluster: &Cluster) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let ca = authority(folder.path())?;
    let port = TcpListener::bind((NODE, 0))?.local_addr()?.port();
    cluster.set("config-network", "system-internal-tls", "enabled")?;
    let seen = reached(cluster, folder.path(), &ca, port);
    cluster.set("config-network", "system-internal-tls", "disabled")?;
    let _ = cluster.kubectl(&["delete", "kingress,service,endpointslice", NAME, "--ignore-not-found"]);
    forget_ca(cluster);
    seen
}

fn reached(cluster: &Cluster, folder: &Path, ca: &str, port: u16) -> Result<()> {
    forget_ca(cluster);
    for object in objects(cluster.layer.class(), port) {
        let file = folder.join("object.json");
        std::fs::write(&file, object.to_string())?;
        cluster.kubectl(&["apply", "-f", &file.to_string_lossy()])?;
    }
    let message = || -> Result<String> {
        let object = cluster.get("kingress", NAME)?;
        Ok(object["status"]["conditions"].to_string())
    };
    wait("a condition about the missing CA", || Ok(message()?.contains("routing-serving-certs")))?;
    expect("without a CA", "not ready, and says why", true)?;

    let file = format!("--from-file=ca.crt={}", folder.join("ca.crt").display());
    ensure!(!ca.is_empty(), "a CA was made");
    let server = Server::start(folder, "kn-user-default", port)?;
    cluster.kubectl(&[
        "-n",
        "knative-serving",
        "create",
        "secret",
        "generic",
        "routing-serving-certs",
        &file,
    ])?;
    cluster.ready("kingress", NAME)?;
    let gateway = cluster.public(NAME)?;
    let answer = gateway.get(HOST, "/", &[])?;
    let tls13 = answer.body.contains("TLSv1.3");
    expect(
        "a server for `kn-user-default`",
        &format!("{}, TLS 1.3: {tls13}", answer.status),
        answer.status == 200 && tls13,
    )?;
    drop(server);
    for (name, right) in [("kn-routing", true), ("kn-user-other", false)] {
        let _server = Server::start(folder, name, port)?;
        let status = gateway.get(HOST, "/", &[])?.status;
        expect(&format!("a server for `{name}`"), &status.to_string(), (status == 200) == right)?;
    }
    Ok(())
}

/// Takes the CA of Knative's own certificates away, if there is one.
fn forget_ca(cluster: &Cluster) {
    let secret = ["-n", "knative-serving", "delete", "secret", "routing-serving-certs", "--ignore-not-found"];
    let _ = cluster.kubectl(&secret);
}

fn objects(class: &str, port: u16) -> [serde_json::Value; 3] {
    let split =
        json!({ "serviceNamespace": "default", "serviceName": NAME, "servicePort": 443, "percent": 100 });
    [
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": { "name": NAME },
            "spec": { "clusterIP": "None", "ports": [{ "name": "https", "port": 443, "targetPort": port }] },
        }),
        json!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": { "name": NAME, "labels": { "kubernetes.io/service-name": NAME } },
            "ports": [{ "name": "https", "port": port, "protocol": "TCP" }],
            "endpoints": [{ "addresses": [NODE], "conditions": { "ready": true } }],
        }),
        json!({
            "apiVersion": "networking.internal.knative.dev/v1alpha1", "kind": "Ingress",
            "metadata": { "name": NAME, "annotations": { "networking.knative.dev/ingress.class": class } },
            "spec": { "httpOption": "Enabled", "rules": [{
                "hosts": [HOST], "visibility": "ExternalIP", "http": { "paths": [{ "splits": [split] }] },
            }] },
        }),
    ]
}

/// `openssl s_server`, which answers with what it knows of the connection.
struct Server(Child);

impl Server {
    fn start(folder: &Path, name: &str, port: u16) -> Result<Server> {
        issue(folder, name)?;
        let at = format!("{NODE}:{port}");
        let child = Command::new("openssl")
            .args(["s_server", "-www", "-quiet", "-accept", &at, "-cert", "server.crt", "-key", "server.key"])
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .context("starting openssl")?;
        let server = Server(child);
        wait("openssl listening", || Ok(std::net::TcpStream::connect(&at).is_ok()))?;
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Makes `ca.crt` and `ca.key`; returns the certificate.
fn authority(folder: &Path) -> Result<String> {
    let new =
        ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
    let files = ["-subj", "/CN=test-ca", "-keyout", "ca.key", "-out", "ca.crt"];
    openssl(folder, &[&new[..], &files[..]].concat())?;
    Ok(std::fs::read_to_string(folder.join("ca.crt"))?)
}

/// Makes `server.crt` and `server.key` for a name.
fn issue(folder: &Path, name: &str) -> Result<()> {
    let subject = format!("/CN={name}");
    let new = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", &subject];
    openssl(folder, &[&new[..], &["-keyout", "server.key", "-out", "server.csr"]].concat())?;
    std::fs::write(folder.join("names"), format!("subjectAltName=DNS:{name}\n"))?;
    let sign = ["x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial"];
    openssl(folder, &[&sign[..], &["-days", "2", "-extfile", "names", "-out", "server.crt"]].concat())
}

fn openssl(folder: &Path, arguments: &[&str]) -> Result<()> {
    let output =
        Command::new("openssl").args(arguments).current_dir(folder).output().context("starting openssl")?;
    ensure!(output.status.success(), "openssl: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}
