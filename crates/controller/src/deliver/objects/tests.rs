use super::*;

fn object(kind: &str, name: &str) -> ObjectRef {
    ObjectKey::new("default", name).to_ref("networking.k8s.io", kind)
}

fn content(host: &str) -> Value {
    json!({
        "kind": "Ingress",
        "metadata": {"name": "hello", "labels": {MANAGED_BY.0: MANAGED_BY.1}},
        "spec": {"rules": [{"host": host}]},
    })
}

fn whole(host: &str, after: &[ObjectRef]) -> Wanted {
    Wanted { content: Content::Whole(Arc::new(content(host))), after: after.to_vec() }
}

/// As the API server shows it.
fn found(host: &str, version: u64) -> Value {
    let mut value = content(host);
    value["metadata"]["uid"] = json!("u");
    value["metadata"]["resourceVersion"] = json!(version.to_string());
    value
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn what_is_right_already_is_not_written() {
    let (mut objects, hello) = (Objects::default(), object("Ingress", "hello"));
    objects.found(&hello, Some(found("a", 1)));
    objects.want(&hello, Some(whole("a", &[])));
    assert!(objects.writes(seconds(0)).is_empty());
    assert_eq!(objects.state(&hello), State::Right);
}

#[test]
fn a_change_is_one_write() {
    let (mut objects, hello) = (Objects::default(), object("Ingress", "hello"));
    objects.found(&hello, Some(found("a", 1)));
    objects.want(&hello, Some(whole("a", &[])));
    objects.writes(seconds(0));
    objects.want(&hello, Some(whole("b", &[])));
    let writes = objects.writes(seconds(1));
    assert_eq!(writes.len(), 1);
    assert!(writes[0].edited.is_empty(), "nobody has edited anything");
    assert!(objects.writes(seconds(1)).is_empty(), "it is under way");
    objects.wrote(&hello, Ok(Some(found("b", 2))), seconds(1));
    objects.found(&hello, Some(found("a", 1)));
    assert!(objects.writes(seconds(1)).is_empty(), "the watch is behind our own write");
    objects.found(&hello, Some(found("b", 2)));
    assert!(objects.writes(seconds(1)).is_empty());
}

#[test]
fn an_edit_is_put_back_named_and_ever_more_slowly() {
    let (mut objects, hello) = (Objects::default(), object("Ingress", "hello"));
    objects.want(&hello, Some(whole("a", &[])));
    objects.found(&hello, Some(found("a", 1)));
    assert!(objects.writes(seconds(0)).is_empty());
    objects.found(&hello, Some(found("x", 2)));
    let writes = objects.writes(seconds(0));
    assert_eq!(writes[0].edited, ["spec.rules[0].host"]);
    objects.wrote(&hello, Ok(Some(found("a", 3))), seconds(0));
    objects.writes(seconds(0));
    objects.found(&hello, Some(found("x", 4)));
    assert!(objects.writes(seconds(0)).is_empty(), "not at once again");
    assert_eq!(objects.next(), Some(Duration::from_millis(500)));
    assert_eq!(objects.writes(seconds(1)).len(), 1);
}

#[test]
fn what_somebody_else_made_stays() {
    let (mut objects, hello) = (Objects::default(), object("Ingress", "hello"));
    let mut foreign = found("x", 1);
    foreign["metadata"]["labels"] = json!({});
    objects.found(&hello, Some(foreign));
    objects.want(&hello, Some(whole("a", &[])));
    assert!(objects.writes(seconds(0)).is_empty());
    assert_eq!(objects.state(&hello), State::Foreign);
    objects.want(&hello, None);
    assert!(objects.writes(seconds(0)).is_empty(), "nor is it deleted");
}

#[test]
fn ours_goes_when_it_is_unwanted_and_only_then() {
    let (mut objects, hello) = (Objects::default(), object("Ingress", "hello"));
    objects.found(&hello, Some(found("a", 1)));
    assert!(objects.writes(seconds(0)).is_empty(), "nobody has said anything of it");
    objects.want(&hello, None);
    let writes = objects.writes(seconds(0));
    assert_eq!(writes[0].action, Action::Delete("u".to_owned()));
}

#[test]
fn an_object_waits_for_what_it_needs() {
    let mut objects = Objects::default();
    let (class, hello) = (object("IngressClass", "internet"), object("Ingress", "hello"));
    objects.want(&hello, Some(whole("a", std::slice::from_ref(&class))));
    assert!(objects.writes(seconds(0)).is_empty());
    assert_eq!(objects.state(&hello), State::After(&class));
    let mut foreign = found("x", 1);
    foreign["metadata"]["labels"] = json!({});
    objects.found(&class, Some(foreign));
    assert_eq!(objects.writes(seconds(0)).len(), 1, "a class that somebody else made is as good");
}

#[test]
fn a_write_that_is_refused_is_tried_again_later() {
    let (mut objects, hello) = (Objects::default(), object("Ingress", "hello"));
    objects.want(&hello, Some(whole("a", &[])));
    assert_eq!(objects.writes(seconds(0)).len(), 1);
    objects.wrote(&hello, Err("a webhook says no".to_owned()), seconds(0));
    assert!(objects.writes(seconds(0)).is_empty());
    assert_eq!(objects.state(&hello), State::Refused("a webhook says no"));
    assert_eq!(objects.writes(seconds(1)).len(), 1);
}

#[test]
fn an_alb_config_of_others_gets_listeners_and_nothing_else() {
    let (mut objects, config) = (Objects::default(), object("AlbConfig", "theirs"));
    let listeners = vec![json!({"port": 80, "protocol": "HTTP"}), json!({"port": 443, "protocol": "HTTPS"})];
    objects.want(&config, Some(Wanted { content: Content::Listeners(listeners), after: vec![] }));
    assert!(objects.writes(seconds(0)).is_empty(), "it isn't made");
    let theirs = json!({
        "metadata": {"uid": "u", "resourceVersion": "7"},
        "spec": {"config": {"name": "x"}, "listeners": [{"port": "80", "idleTimeout": 3}]},
    });
    objects.found(&config, Some(theirs));
    let writes = objects.writes(seconds(0));
    let Action::Merge(patch) = &writes[0].action else { panic!("{:?}", writes[0].action) };
    assert_eq!(
        *patch,
        json!({
            "metadata": {"resourceVersion": "7"},
            "spec": {"listeners": [{"port": "80", "idleTimeout": 3}, {"port": 443, "protocol": "HTTPS"}]},
        })
    );
}
