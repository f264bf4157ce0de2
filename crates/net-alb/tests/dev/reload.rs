//! What happens on save.

use crate::process::{Dev, folder};
use crate::request::get;
use std::fs;

fn service(name: &str, percent: [u8; 2]) -> String {
    format!(
        "
apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: {name}
spec:
  template:
    spec:
      containers:
        - image: example.com/hello
          env: [{{name: TARGET, value: \"1\"}}]
  traffic:
    - {{revisionName: {name}-00001, percent: {}}}
    - {{revisionName: {name}-00002, percent: {}}}
",
        percent[0], percent[1]
    )
}

#[test]
fn saving_changes_what_is_served_and_breaking_the_file_does_not() {
    let file = folder("reload").join("app.yaml");
    fs::write(&file, service("hello", [100, 0])).unwrap();
    let mut dev = Dev::start(&[file.to_str().unwrap()]);
    let (public, _) = dev.addresses();
    let revision = || get(public, "hello.default.example.com", "/", &[]).revision().to_owned();
    assert_eq!(revision(), "hello-00001");

    fs::write(&file, service("hello", [0, 100])).unwrap();
    dev.wait_for("changed hello.default.example.com on public");
    assert_eq!(revision(), "hello-00002");

    // Half-written: the text ends in the middle of a line.
    let text = service("hello", [50, 50]);
    fs::write(&file, &text[..text.len() - 20]).unwrap();
    dev.wait_for("error[NA0001]");
    dev.wait_for("app.yaml:14:");
    dev.wait_for("Knative Service default/hello is served as it was before this change");
    dev.wait_for("traffic is unharmed");
    assert_eq!(revision(), "hello-00002");

    // Emptied, as an editor does before it writes.
    fs::write(&file, "").unwrap();
    dev.wait_for("error[NA0013]");
    dev.wait_for("Knative Service default/hello is served as it was before this change");
    dev.wait_for("traffic is unharmed");
    assert_eq!(revision(), "hello-00002");

    // Whole again, but refused by a stage.
    fs::write(&file, service("hello", [60, 50])).unwrap();
    dev.wait_for("error[NA1003]: percentages add up to 110, not 100");
    dev.wait_for("Knative Service default/hello is served as it was before this change");
    dev.wait_for("traffic is unharmed");
    assert_eq!(revision(), "hello-00002");

    fs::write(&file, service("hello", [100, 0])).unwrap();
    dev.wait_for("changed hello.default.example.com on public");
    assert_eq!(revision(), "hello-00001");
    assert!(dev.stop().success());
}

#[test]
fn neighbours_of_a_broken_object_change_all_the_same() {
    let folder = folder("neighbours");
    fs::write(folder.join("one.yaml"), service("one", [100, 0])).unwrap();
    fs::write(folder.join("two.yaml"), service("two", [100, 0])).unwrap();
    let mut dev = Dev::start(&["-f", folder.to_str().unwrap()]);
    let (public, _) = dev.addresses();
    let revision =
        |name: &str| get(public, &format!("{name}.default.example.com"), "/", &[]).revision().to_owned();

    fs::write(folder.join("one.yaml"), "kind: [").unwrap();
    dev.wait_for("traffic is unharmed");
    fs::write(folder.join("two.yaml"), service("two", [0, 100])).unwrap();
    dev.wait_for("changed two.default.example.com on public");
    assert_eq!((revision("one"), revision("two")), ("one-00001".into(), "two-00002".into()));

    // A new file is noticed, and one that is gone.
    fs::write(folder.join("three.yaml"), service("three", [0, 100])).unwrap();
    dev.wait_for("added three.default.example.com on public");
    assert_eq!(revision("three"), "three-00002");
    fs::remove_file(folder.join("two.yaml")).unwrap();
    dev.wait_for("removed two.default.example.com on public");
    assert_eq!(get(public, "two.default.example.com", "/", &[]).status, 404);
    assert_eq!(revision("one"), "one-00001");
}

#[test]
fn an_editor_may_replace_the_file() {
    let folder = folder("replace");
    let (file, beside) = (folder.join("app.yaml"), folder.join(".app.yaml.swp"));
    fs::write(&file, service("hello", [100, 0])).unwrap();
    let mut dev = Dev::start(&[file.to_str().unwrap()]);
    let (public, _) = dev.addresses();
    for (percent, revision) in [([0, 100], "hello-00002"), ([100, 0], "hello-00001")] {
        fs::write(&beside, service("hello", percent)).unwrap();
        fs::rename(&beside, &file).unwrap();
        dev.wait_for("changed hello.default.example.com on public");
        assert_eq!(get(public, "hello.default.example.com", "/", &[]).revision(), revision);
    }
}

#[test]
fn the_greeting_follows_the_file() {
    let file = folder("greeting").join("app.yaml");
    fs::write(&file, service("hello", [100, 0])).unwrap();
    let mut dev = Dev::start(&[file.to_str().unwrap()]);
    let (public, _) = dev.addresses();
    assert_eq!(get(public, "hello.default.example.com", "/", &[]).body, "Hello 1!\n");
    fs::write(&file, service("hello", [100, 0]).replace("\"1\"", "\"2\"")).unwrap();
    dev.wait_for("nothing that is served has changed");
    assert_eq!(get(public, "hello.default.example.com", "/", &[]).body, "Hello 2!\n");
}

#[test]
fn a_header_that_changes_is_named() {
    let kingress = |header: &str| {
        format!(
            "
apiVersion: v1
kind: Service
metadata: {{name: a}}
spec: {{ports: [{{port: 80}}]}}
---
apiVersion: networking.internal.knative.dev/v1alpha1
kind: Ingress
metadata: {{name: hello, namespace: default}}
spec:
  rules:
  - hosts: [hello.example.com]
    visibility: ExternalIP
    http:
      paths:
      - splits: [{{serviceName: a, serviceNamespace: default, servicePort: 80, percent: 100}}]
        appendHeaders: {{x-color: {header}}}
"
        )
    };
    let file = folder("header").join("app.yaml");
    fs::write(&file, kingress("red")).unwrap();
    let mut dev = Dev::start(&[file.to_str().unwrap()]);
    dev.wait_for("watching ");
    fs::write(&file, kingress("blue")).unwrap();
    dev.wait_for("changed hello.example.com on public");
    dev.wait_for("now sets header `x-color` to `blue`");
    dev.wait_for("no longer sets header `x-color` to `red`");
}

#[test]
fn an_annotation_that_is_no_string_hides_no_other_error() {
    let file = folder("annotation").join("app.yaml");
    fs::write(&file, service("hello", [0, 100])).unwrap();
    let mut dev = Dev::start(&[file.to_str().unwrap()]);
    let (public, _) = dev.addresses();
    let text = service("hello", [60, 50]).replace("  name: hello", "  annotations: {a: []}\n  name: hello");
    fs::write(&file, text).unwrap();
    dev.wait_for("error[NA0012]");
    dev.wait_for("error[NA1003]: percentages add up to 110, not 100");
    dev.wait_for("Knative Service default/hello is served as it was before this change");
    assert_eq!(get(public, "hello.default.example.com", "/", &[]).revision(), "hello-00002");

    // Nothing else is wrong with it now; all the same the version before is served.
    let text = service("hello", [100, 0]).replace("  name: hello", "  annotations: {a: []}\n  name: hello");
    fs::write(&file, text).unwrap();
    dev.wait_for("error[NA0012]");
    dev.wait_for("Knative Service default/hello is served as it was before this change");
    assert_eq!(get(public, "hello.default.example.com", "/", &[]).revision(), "hello-00002");
}

#[test]
fn a_bad_file_at_the_start_is_served_once_it_is_mended() {
    let file = folder("mended").join("app.yaml");
    fs::write(&file, "kind: [").unwrap();
    let mut dev = Dev::start(&[file.to_str().unwrap()]);
    dev.wait_for("error[NA0001]");
    dev.wait_for("watching ");
    fs::write(&file, service("hello", [100, 0])).unwrap();
    let line = dev.wait_for("added hello.default.example.com on public");
    let public = line.rsplit('/').next().unwrap().parse().unwrap();
    assert_eq!(get(public, "hello.default.example.com", "/", &[]).revision(), "hello-00001");
}
