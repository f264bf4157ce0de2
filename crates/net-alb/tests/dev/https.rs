//! HTTPS: with certificates that `--https` makes, and with those that files bring along.

use crate::process::{Dev, folder};
use crate::request::curl;
use net_alb_testkit::{Authority, Issued};
use std::fs;

const HELLO: &str = "
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: hello}
spec: {template: {spec: {containers: [{image: example.com/hello}]}}}
";

/// The curl lines for HTTPS that are printed before everything is served.
fn https_lines(dev: &mut Dev) -> Vec<String> {
    dev.wait_for("watching ");
    dev.wait_for("serving ");
    let lines = dev.stdout().into_iter().map(str::trim);
    lines.filter(|line| line.starts_with("curl ") && line.contains(" https://")).map(str::to_owned).collect()
}

#[test]
fn with_https_public_hosts_are_served_by_tls_too() {
    let file = folder("https").join("app.yaml");
    fs::write(&file, HELLO).unwrap();
    let mut dev = Dev::start(&["--https", file.to_str().unwrap()]);
    let lines = https_lines(&mut dev);
    assert_eq!(lines.len(), 1, "cluster-local hosts aren't: {lines:?}");
    assert!(lines[0].starts_with("curl --cacert "), "{}", lines[0]);
    let answer = curl(&lines[0]);
    assert_eq!((answer.status, answer.revision()), (200, "hello-00001"));
    assert!(dev.stop().success());

    // Whoever trusts the CA trusts the next run's certificates too.
    let mut again = Dev::start(&["--https", file.to_str().unwrap()]);
    let address = again.wait_for("public https://").rsplit('/').next().unwrap().to_owned();
    let (before, url) = lines[0].split_once("--connect-to ::").unwrap();
    let (_, url) = url.split_once(' ').unwrap();
    again.wait_for("watching ");
    assert_eq!(curl(&format!("{before}--connect-to ::{address} {url}")).status, 200);
    assert!(!again.printed().contains("PRIVATE KEY"));
}

/// An Ingress that names a Secret.
const SHOP: &str = "
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec:
  ingressClassName: knative-alb-ingress-internet
  tls: [{hosts: [shop.example.com], secretName: shop}]
  rules:
    - host: shop.example.com
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: shop, port: {number: 80}}}}]}
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec: {ports: [{port: 80}]}
";

fn secret(issued: &Issued) -> String {
    let text = |pem: &str| serde_json::to_string(pem).unwrap();
    let (chain, key) = (text(&issued.chain), text(&issued.key));
    format!(
        "---\napiVersion: v1\nkind: Secret\nmetadata: {{name: shop}}\ntype: kubernetes.io/tls\n\
         stringData: {{tls.crt: {chain}, tls.key: {key}}}\n"
    )
}

#[test]
fn a_secret_from_a_file_is_served_and_a_broken_one_leaves_the_last_good() {
    let folder = folder("secret");
    let (app, ca) = (folder.join("app.yaml"), folder.join("ca.pem"));
    let authority = Authority::new("test");
    fs::write(&ca, &authority.pem).unwrap();
    let good = authority.issue(&["shop.example.com"]);
    fs::write(&app, [SHOP, &secret(&good)].concat()).unwrap();
    let mut dev = Dev::start(&[app.to_str().unwrap()]);
    let lines = https_lines(&mut dev);
    assert!(lines[0].starts_with("curl -k "), "{lines:?}");
    assert_eq!(curl(&lines[0]).status, 200);
    let strict = lines[0].replace("curl -k", &format!("curl --cacert {}", ca.display()));
    assert_eq!(curl(&strict).status, 200, "it is the Secret's certificate");

    let other = Issued { key: authority.issue(&["shop.example.com"]).key, ..good };
    fs::write(&app, [SHOP, &secret(&other)].concat()).unwrap();
    dev.wait_for("error[NA3020]");
    assert_eq!(curl(&strict).status, 200, "the certificate from before stays");
    assert!(!dev.printed().contains("PRIVATE KEY"));
}

#[test]
fn without_a_certificate_the_listener_stays_closed_unless_one_may_be_made() {
    let app = folder("no-certificate").join("app.yaml");
    fs::write(&app, SHOP).unwrap();
    let mut dev = Dev::start(&[app.to_str().unwrap()]);
    dev.wait_for("warning[NA0017]: listener 443/HTTPS isn't served: it has no certificate");
    drop(dev);
    let mut dev = Dev::start(&["--https", app.to_str().unwrap()]);
    let lines = https_lines(&mut dev);
    assert_eq!(curl(&lines[0]).status, 200);
}

/// What AlbConfig's `quicConfig` and QUIC listener say, and nothing else, opens HTTP/3.
const ALB_CONFIG: &str = "---
apiVersion: alibabacloud.com/v1
kind: AlbConfig
metadata: {name: knative-alb-ingress-internet}
spec:
  config: {name: public, addressType: Internet}
  listeners:
    - {port: 443, protocol: HTTPS, quicConfig: {quicUpgradeEnabled: true, quicListenerId: lsn-1}}
    - {port: 443, protocol: QUIC}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: knative-alb-ingress-internet}
spec:
  controller: ingress.k8s.alibabacloud/alb
  parameters: {apiGroup: alibabacloud.com, kind: AlbConfig, name: knative-alb-ingress-internet}
";

/// A QUIC server answers a version that nobody speaks with those that it speaks (RFC 9000 §6.1): here that there is one.
fn speaks_quic(address: &str) -> bool {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(std::time::Duration::from_secs(10))).unwrap();
    let mut packet = [0; 1200];
    packet[..22]
        .copy_from_slice(&[0xc0, 0x1a, 0x2a, 0x3a, 0x4a, 8, 1, 1, 1, 1, 1, 1, 1, 1, 8, 2, 2, 2, 2, 2, 2, 2]);
    socket.connect(address).unwrap();
    socket.send(&packet).unwrap();
    let mut answer = [0; 1200];
    // A closed port says so by an error.
    socket.recv(&mut answer).is_ok() && answer[1..5] == [0; 4]
}

#[test]
fn the_alb_configs_quic_listener_is_opened_and_announced() {
    let app = folder("quic").join("app.yaml");
    let secret = secret(&Authority::new("test").issue(&["shop.example.com"]));
    let annotated = SHOP.replace(
        "metadata: {name: shop}\nspec:\n  ingressClassName",
        "metadata:\n  name: shop\n  annotations: {alb.ingress.kubernetes.io/listen-ports: '[{\"HTTPS\": 443}, {\"QUIC\": 443}]'}\nspec:\n  ingressClassName",
    );
    fs::write(&app, [&*annotated, &secret, ALB_CONFIG].concat()).unwrap();
    let mut dev = Dev::start(&[app.to_str().unwrap()]);
    let lines = https_lines(&mut dev);
    let answer = curl(&lines[0]);
    assert_eq!(answer.status, 200, "{lines:?}");
    let (_, address) = lines[0].split_once("--connect-to ::").unwrap();
    let address = address.split(' ').next().unwrap();
    assert_eq!(answer.header("alt-svc"), "h3=\":443\"; ma=86400");
    assert!(speaks_quic(address));

    drop(dev);

    // Without `quicConfig`, nobody is led there.
    let quiet = ALB_CONFIG.replace(", quicConfig: {quicUpgradeEnabled: true, quicListenerId: lsn-1}", "");
    fs::write(&app, [&*annotated, &secret, &quiet].concat()).unwrap();
    let mut dev = Dev::start(&[app.to_str().unwrap()]);
    assert_eq!(curl(&https_lines(&mut dev)[0]).header("alt-svc"), "");
}
