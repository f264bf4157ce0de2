//! What is served, and what is printed about it.

use crate::process::{Dev, folder};
use crate::request::{curl, get};
use std::fs;
use std::process::Command;

/// The article's gray release in one Knative Service.
const GRAY: &str = "
apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: helloworld-go
  annotations:
    alicloud.serving.knative.dev/headers: '[{revision:helloworld-go-00002,headers:{demo:always,header2:v2}}]'
    alicloud.serving.knative.dev/cookies: '[{revision:helloworld-go-00002,cookies:{demo:always,cookie2:v2}}]'
spec:
  template:
    spec:
      containers:
        - image: example.com/helloworld-go
          env: [{name: TARGET, value: Knative11}]
  traffic:
    - {revisionName: helloworld-go-00002, percent: 0, tag: rev1}
    - {revisionName: helloworld-go-00001, percent: 100}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: config-features, namespace: knative-serving}
data: {tag-header-based-routing: Enabled}
";
const HOST: &str = "helloworld-go.default.example.com";

#[test]
fn the_articles_ways_to_call_work_on_the_wire_and_in_explain() {
    let file = folder("article").join("app.yaml");
    fs::write(&file, GRAY).unwrap();
    let mut dev = Dev::start(&[file.to_str().unwrap()]);
    let (public, _) = dev.addresses();
    let (first, second) = ("helloworld-go-00001", "helloworld-go-00002");
    for (headers, revision) in [
        (&[][..], first),
        (&["Knative-Serving-Tag: rev1"], second),
        (&["Knative-Serving-Tag: rev2"], first),
        (&["demo: always", "header2: v2"], second),
        (&["demo: always"], first),
        (&["header2: v2"], first),
        (&["Cookie: demo=always; cookie2=v2"], second),
        (&["Cookie: cookie2=v2; demo=always"], second),
        (&["Cookie: demo=always", "Cookie: cookie2=v2"], second),
        (&["Cookie: demo=always"], first),
        (&["Cookie: cookie2=v2"], first),
    ] {
        let answer = get(public, HOST, "/", headers);
        assert_eq!((answer.status, answer.revision()), (200, revision), "{headers:?}");
        assert_eq!(answer.body, "Hello Knative11!\n");
        assert_eq!(explained(&file, headers), revision, "{headers:?}");
    }
    assert_eq!(get(public, "nobody.example.com", "/", &[]).status, 404);
    let local = "helloworld-go.default.svc.cluster.local";
    assert_eq!(get(public, local, "/", &[]).status, 404, "a cluster-local host is not public");
    assert!(dev.stop().success());
}

/// The revision that `explain` names for the same request.
fn explained(file: &std::path::Path, headers: &[&str]) -> String {
    let headers = headers.iter().flat_map(|header| ["-H", header]);
    let output = Command::new(env!("CARGO_BIN_EXE_net-alb"))
        .args(["explain", "-o", "json", "--request", &format!("GET http://{HOST}/")])
        .args(headers)
        .arg(file)
        .output()
        .unwrap();
    assert!(output.status.success());
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    answer["revision"].as_str().unwrap().to_owned()
}

#[test]
fn half_of_the_requests_go_to_each_side() {
    let file = folder("half").join("app.yaml");
    fs::write(&file, GRAY.replace("percent: 100", "percent: 50").replace("percent: 0", "percent: 50"))
        .unwrap();
    let mut dev = Dev::start(&[file.to_str().unwrap()]);
    let (public, _) = dev.addresses();
    let first = (0..400).filter(|_| get(public, HOST, "/", &[]).revision() == "helloworld-go-00001").count();
    assert!((198..=202).contains(&first), "{first} of 400");
}

#[test]
fn every_printed_curl_line_goes_where_it_says() {
    let file = folder("curl").join("app.yaml");
    fs::write(&file, GRAY).unwrap();
    let mut dev = Dev::start(&[file.to_str().unwrap()]);
    dev.addresses();
    dev.wait_for("curl -H 'Host: rev1-helloworld-go.default.svc.cluster.local'"); // the last one
    let lines = dev.stdout();
    let pairs: Vec<_> = lines.windows(2).filter(|pair| pair[1].trim().starts_with("curl ")).collect();
    let promised: Vec<_> = pairs.iter().map(|pair| pair[0].rsplit(' ').next().unwrap()).collect();
    let (first, second) = ("helloworld-go-00001", "helloworld-go-00002");
    assert_eq!(promised, [second, second, second, first, second, second, second, second, first, second]);
    for (pair, promised) in pairs.iter().zip(promised) {
        assert_eq!(curl(pair[1]).revision(), promised, "{}", pair[1]);
    }
}

/// No Knative: an Ingress, three Services, and the endpoints of one of them.
const SHOP: &str = "
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec:
  ingressClassName: knative-alb-ingress-internet
  rules:
    - host: shop.example.com
      http:
        paths:
          - {path: /a, pathType: Prefix, backend: {service: {name: shop, port: {number: 80}}}}
          - {path: /b, pathType: Prefix, backend: {service: {name: plain, port: {number: 80}}}}
          - {path: /c, pathType: Prefix, backend: {service: {name: own, port: {name: http}}}}
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec: {ports: [{port: 80, name: http}]}
---
apiVersion: v1
kind: Service
metadata: {name: plain}
spec: {ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: own}
spec: {ports: [{port: 80, name: http}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: shop-1, labels: {kubernetes.io/service-name: shop}}
addressType: IPv4
ports: [{name: other, port: 1}, {name: http, port: PORT}]
endpoints:
  - {addresses: [192.0.2.1], conditions: {ready: false}}
  - {addresses: [127.0.0.1], conditions: {ready: true}}
";

#[test]
fn a_backend_of_ones_own_and_the_request_that_arrives() {
    let folder = folder("backend");
    let (app, shop) = (folder.join("app.yaml"), folder.join("shop.yaml"));
    fs::write(&app, GRAY).unwrap();
    let mut behind = Dev::start(&[app.to_str().unwrap()]);
    let (server, _) = behind.addresses();
    fs::write(&shop, SHOP.replace("PORT", &server.port().to_string())).unwrap();
    let own = format!("own=localhost:{}", server.port());
    let args = [shop.to_str().unwrap(), "--backend", &own, "--backend", "owm=127.0.0.1:1", "--access-log"];
    let mut dev = Dev::start(&args);
    let public = dev.wait_for("public http://").rsplit('/').next().unwrap().parse().unwrap();
    dev.wait_for("watching ");
    let all = dev.printed();
    assert!(all.contains("warning[NA0014]: no rule forwards to a revision or Service `owm`"), "{all}");
    assert!(all.contains("did you mean `own`?"), "{all}");

    // An endpoint of the slice is the other process, which answers 404 to a host it doesn't know.
    assert_eq!(get(public, "shop.example.com", "/a", &[]).header("x-net-alb-error"), "unknown-host");
    assert_eq!(get(public, "shop.example.com", "/c", &[]).header("x-net-alb-error"), "unknown-host");
    let plain = get(public, "shop.example.com", "/b", &[]);
    assert_eq!((plain.revision(), plain.body.as_str()), ("plain", "Hello World!\n"));
    dev.wait_for("GET shop.example.com/b 200");

    let seen = get(server, HOST, "/_headers", &["x-mine: é"]).body;
    assert!(seen.starts_with("GET /_headers HTTP/1.1\n"), "{seen}");
    assert!(seen.contains("\nx-mine: é\n"), "{seen}");
    assert!(seen.contains(&format!("\nhost: {HOST}\n")), "{seen}");
    assert!(seen.contains("\nknative-serving-revision: helloworld-go-00001\n"), "{seen}");
}

#[test]
fn an_address_that_is_taken_is_named() {
    let file = folder("taken").join("app.yaml");
    fs::write(&file, GRAY).unwrap();
    let mut first = Dev::start(&[file.to_str().unwrap()]);
    let (public, _) = first.addresses();
    let output = Command::new(env!("CARGO_BIN_EXE_net-alb"))
        .args([
            "dev",
            "--listen",
            &public.to_string(),
            "--listen-local",
            "127.0.0.1:0",
            file.to_str().unwrap(),
        ])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains(&format!("net-alb: listening on {public}; choose another address with --listen")),
        "{said}"
    );
}

#[test]
fn a_file_that_is_not_there_ends_the_command() {
    let absent = folder("absent").join("app.yaml");
    let mut dev = Dev::start(&[absent.to_str().unwrap()]);
    assert_eq!(dev.end().code(), Some(3));
    assert!(dev.printed().contains("No such file"), "{}", dev.printed());
}

#[test]
fn what_came_from_stdin_stays_when_a_file_changes() {
    let file = folder("stdin").join("app.yaml");
    fs::write(&file, GRAY).unwrap();
    let piped = GRAY.replace("helloworld-go", "piped").replace("config-features", "config-other");
    let mut dev = Dev::start_with_stdin(&["-", file.to_str().unwrap()], &piped);
    let (public, _) = dev.addresses();
    fs::write(&file, GRAY.replace("percent: 100", "percent: 50").replace("percent: 0", "percent: 50"))
        .unwrap();
    dev.wait_for("changed helloworld-go.default.example.com on public");
    assert_eq!(get(public, "piped.default.example.com", "/", &[]).status, 200);
}
