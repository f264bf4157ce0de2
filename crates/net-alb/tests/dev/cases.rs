//! Every `cases/*/requests.txt` against the whole chain: on the table by `explain`, and over real sockets by `dev`.

use crate::process::Dev;
use crate::request::{Answer, send};
use net_alb_testkit::{Case, Expect, Request, parse_requests};
use std::collections::BTreeMap;
use std::process::Command;

/// Enough for shares in whole percent to show.
const REQUESTS: u32 = 100;

#[test]
fn every_promised_request_goes_where_the_case_says() {
    let promises = |case: &Case| case.text("requests.txt").is_some();
    let cases: Vec<Case> = Case::all().into_iter().filter(promises).collect();
    assert!(!cases.is_empty(), "no case promises anything");
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let chunks = cases.chunks(cases.len().div_ceil(4));
        let threads: Vec<_> =
            chunks.map(|chunk| scope.spawn(|| chunk.iter().flat_map(check).collect::<Vec<_>>())).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is wrong with a case.
fn check(case: &Case) -> Vec<String> {
    let requests = parse_requests(&case.text("requests.txt").unwrap_or_default());
    let input = case.path("input.yaml").display().to_string();
    let mut wrong = over_sockets(case, &requests, &input);
    for request in &requests {
        let explained = explain(request, &input);
        if explained != sorted(&request.expect) {
            wrong.push(format!("{} {:?}: explain says {explained:?}", case.name, request.line));
        }
    }
    wrong
}

fn explain(request: &Request, input: &str) -> Expect {
    let line = format!("{} http://{}{}", request.method, request.host, request.path);
    let headers = request.headers.iter().flat_map(|(name, value)| {
        let field = if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") };
        ["-H".to_owned(), field]
    });
    let output = Command::new(env!("CARGO_BIN_EXE_net-alb"))
        .args(["explain", "-o", "json", "--request", &line])
        .args(headers)
        .args(request.local.then_some("--local"))
        .arg(input)
        .output()
        .unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{line}: {error}: {}", String::from_utf8_lossy(&output.stderr)));
    if let Some(revision) = answer["revision"].as_str() {
        return Expect::Backends(vec![(100, revision.to_owned())]);
    }
    if let Some(status) = answer["status"].as_u64() {
        return Expect::Status(u16::try_from(status).unwrap());
    }
    let Some(targets) = answer["targets"].as_array() else { return Expect::Status(404) }; // nobody listens
    let total: u64 = targets.iter().filter_map(|target| target["weight"].as_u64()).sum();
    let share = |target: &serde_json::Value| {
        let percent = target["weight"].as_u64().unwrap() * 100 / total;
        (u32::try_from(percent).unwrap(), target["revision"].as_str().unwrap().to_owned())
    };
    sorted(&Expect::Backends(targets.iter().map(share).collect()))
}

fn sorted(expect: &Expect) -> Expect {
    let mut expect = expect.clone();
    if let Expect::Backends(backends) = &mut expect {
        backends.sort();
    }
    expect
}

fn over_sockets(case: &Case, requests: &[Request], input: &str) -> Vec<String> {
    let mut dev = Dev::start(&[input]);
    let (public, local) = dev.listeners();
    let mut wrong = Vec::new();
    for request in requests {
        // No listener is the same promise as an unknown host: nobody is there.
        let server = if request.local { local } else { public };
        let Some(server) = server else {
            if request.expect != Expect::Status(404) {
                wrong.push(format!("{} {:?}: nobody listens", case.name, request.line));
            }
            continue;
        };
        let headers: Vec<_> =
            request.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let headers: Vec<_> = headers.iter().map(String::as_str).collect();
        let ask = || send(server, &request.method, &request.host, &request.path, &headers);
        if let Some(what) = judge(&request.expect, ask) {
            wrong.push(format!("{} {:?}: on the wire {what}", case.name, request.line));
        }
    }
    wrong
}

/// What is wrong with the answers.
fn judge(expect: &Expect, ask: impl Fn() -> Answer) -> Option<String> {
    let backends = match expect {
        Expect::Status(status) => {
            let answer = ask();
            return (answer.status != *status).then(|| format!("{answer:?}"));
        }
        Expect::Backends(backends) => backends,
    };
    let (count, tolerance) = if backends.len() == 1 { (1, 0) } else { (REQUESTS, 2) };
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..count {
        *seen.entry(ask().revision().to_owned()).or_default() += 1;
    }
    let near = |(percent, name): &(u32, String)| {
        let expected = percent * count / 100;
        seen.get(name).copied().unwrap_or_default().abs_diff(expected) <= tolerance
    };
    (!backends.iter().all(near) || seen.len() > backends.len()).then(|| format!("{seen:?} of {count}"))
}
