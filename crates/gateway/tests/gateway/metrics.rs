//! What is counted, and how many numbers there are.

use crate::support::{Client, Server, Site, nobody, options, puts, service};
use net_alb_diag::metrics::{Family, Source, Value};
use net_alb_gateway::Options;

/// All numbers as `name{values}`, with what was counted.
fn counts(site: &Site) -> Vec<(String, u64)> {
    let mut families = Vec::new();
    site.gateway.metrics().collect(&mut families);
    let line = |family: &Family| {
        let name = family.metric.name;
        let count = |value: &Value| match value {
            Value::Count(count) => *count,
            Value::Number(_) => 0,
            Value::Histogram { buckets, .. } => buckets.iter().map(|(_, count)| count).sum(),
        };
        let sample =
            |(labels, value): (&[String], &Value)| (format!("{name}{{{}}}", labels.join(",")), count(value));
        family.samples.iter().map(|s| sample((&s.labels, &s.value))).collect::<Vec<_>>()
    };
    families.iter().flat_map(line).collect()
}

fn count(site: &Site, number: &str) -> u64 {
    let counts = counts(site);
    counts.iter().find(|(name, _)| name == number).unwrap_or_else(|| panic!("no {number} in {counts:#?}")).1
}

#[test]
fn requests_connections_and_errors_are_counted() {
    let site = Site::new(
        "a/a: path=/empty -> forward none
         a/b: path=/gone -> forward gone
         a/c: host=a -> forward v1",
    );
    let server = Server::named("v1");
    site.serve("v1", &[&server]);
    site.gateway.set_endpoints(&service("gone"), vec![nobody()]);
    let mut client = site.connect();
    for _ in 0..3 {
        assert_eq!(client.get("a", "/").status, 200);
    }
    assert_eq!(client.get("a", "/empty").status, 503);
    assert_eq!(client.get("a", "/gone").status, 502);
    // What follows a request's answer on its own connection has been counted with it.
    assert_eq!(client.get("b", "/").status, 404);
    assert_eq!(client.get("b", "/").status, 404);
    let listener = "test/HTTP:80";
    for (number, expected) in [
        (format!("net_alb_requests{{{listener},HTTP/1.1,2xx}}"), 3),
        (format!("net_alb_requests{{{listener},HTTP/1.1,5xx}}"), 2),
        (format!("net_alb_connections{{{listener},HTTP/1.1}}"), 1),
        (format!("net_alb_connections_active{{{listener},HTTP/1.1}}"), 1),
        ("net_alb_request_errors{no-endpoints}".to_owned(), 1),
        ("net_alb_request_errors{connect-failed}".to_owned(), 1),
        ("net_alb_upstream_connects{}".to_owned(), 1),
        ("net_alb_upstream_reuses{}".to_owned(), 2),
        ("net_alb_upstream_connect_failures{connect-failed}".to_owned(), 1),
        ("net_alb_revision_requests{other,other,other,other,,2xx}".to_owned(), 3),
        ("net_alb_config_generation{}".to_owned(), 1),
        (format!("net_alb_rules{{{listener}}}"), 3),
    ] {
        assert_eq!(count(&site, &number), expected, "{number}");
    }
    assert!(count(&site, &format!("net_alb_request_duration_seconds{{{listener}}}")) >= 5);
    assert!(count(&site, &format!("net_alb_request_bytes{{{listener}}}")) > 100);
    assert!(count(&site, &format!("net_alb_response_bytes{{{listener}}}")) > 100);
}

#[test]
fn the_observed_weight_is_the_split() {
    let site = Site::new("a/a: host=a -> forward v1 80, v2 20");
    let (first, second) = (Server::named("v1"), Server::named("v2"));
    site.serve("v1", &[&first]);
    site.serve("v2", &[&second]);
    let mut client = site.connect();
    let answered = (0..1000).map(|_| u64::from(client.get("a", "/").text() == "v1")).sum::<u64>();
    // The last request is counted when the next one has been answered.
    client.get("nobody", "/");
    let counted = |revision: &str| {
        let find = |(name, _): &(String, u64)| name.contains(&format!("revision_requests{{a,a,{revision},"));
        counts(&site).into_iter().find(find).unwrap().1
    };
    let counted = (counted("v1"), counted("v2"));
    assert_eq!(counted, (answered, 1000 - answered));
    assert!((795..=805).contains(&counted.0), "{counted:?}");
}

/// As Prometheus counts them: a histogram is a series a bucket, and two more.
fn series(site: &Site) -> usize {
    let mut families = Vec::new();
    site.gateway.metrics().collect(&mut families);
    let values = families.iter().flat_map(|family| &family.samples).map(|sample| &sample.value);
    values.map(|value| if let Value::Histogram { buckets, .. } = value { buckets.len() + 2 } else { 1 }).sum()
}

#[test]
fn ten_thousand_splits_are_fewer_than_five_thousand_series() {
    let rules: Vec<_> = (0..10_000).map(|i| format!("n/i{i}: host=h{i} -> forward v1 50, v2 50")).collect();
    let site = Site::new(&rules.join("\n"));
    let server = Server::named("v");
    site.serve("v1", &[&server]);
    site.serve("v2", &[&server]);
    let mut client = site.connect();
    for i in 0..1000 {
        assert_eq!(client.get(&format!("h{}", i / 2), "/").status, 200);
    }
    client.get("nobody", "/");
    assert_eq!(count(&site, "net_alb_revisions_tracked{}"), 400);
    // Each revision may answer with any class of status.
    let worst = series(&site) + 400 * 4;
    assert!(worst < 5000, "{worst}");
    assert!(count(&site, "net_alb_revision_requests{other,other,other,other,,2xx}") >= 500);
}

#[test]
fn an_ingress_without_a_gray_release_has_no_series_of_its_own_until_it_gets_one() {
    let site = Site::with("a/a: host=a -> forward v1", Options { tracked_revisions: 2, ..options() }, |_| {});
    assert_eq!(count(&site, "net_alb_revisions_tracked{}"), 0);
    site.gateway.apply(puts("a/a: host=a -> forward v1 50, v2 50"));
    assert_eq!(count(&site, "net_alb_revisions_tracked{}"), 2);
    site.gateway.apply(puts("b/b: host=b -> forward v1 50, v2 50"));
    site.gateway.apply(puts("a/a: host=a -> forward v1"));
    let mut client = Client::new(site.address);
    client.get("a", "/");
    client.get("a", "/");
    assert_eq!(count(&site, "net_alb_revisions_tracked{}"), 0);
}
