use super::*;
use crate::{ConfigMap, Object};

/// Reads ConfigMaps from YAML documents and the settings from those, for target `alb`.
fn settings(yaml: &str) -> (Settings, Vec<String>) {
    let mut snapshot = Snapshot::default();
    for config_map in serde_saphyr::from_multiple::<ConfigMap>(yaml).unwrap() {
        assert!(snapshot.insert(Object::ConfigMap(config_map)));
    }
    let outcome = Settings::from_snapshot(&snapshot, Settings { target: Target::Alb, ..Settings::default() });
    let messages = outcome.diagnostics.iter().map(|d| format!("{} {d}", d.severity)).collect();
    (outcome.value, messages)
}

fn network(data: &str) -> (Bootstrap, Vec<String>) {
    let (settings, messages) = settings(&format!("metadata: {{name: config-network}}\ndata: {{{data}}}\n"));
    (settings.bootstrap, messages)
}

#[test]
fn the_articles_config_network_is_enough() {
    let (bootstrap, messages) = network(
        "ingress.class: alb.ingress.networking.knative.dev, vswitch-ids: 'vsw-2zeqgkyib34gw1fxxx,vsw-2zefv5qwao4prxxx'",
    );
    assert_eq!(bootstrap.vswitch_ids, ["vsw-2zeqgkyib34gw1fxxx", "vsw-2zefv5qwao4prxxx"]);
    assert_eq!((bootstrap.fault, messages), (None, vec![]));
}

#[test]
fn an_alb_config_needs_no_vswitches() {
    let (bootstrap, messages) = network("albconfig: main, eni: 'false'");
    assert_eq!((bootstrap.albconfig.as_deref(), bootstrap.eni), (Some("main"), false));
    assert_eq!((bootstrap.fault, messages), (None, vec![]));
}

#[test]
fn vswitches_are_two_and_each_once() {
    for (text, fault) in [
        ("vsw-a", "an ALB needs vSwitches in two zones, and there is 1"),
        ("vsw-a, vsw-a", "`vsw-a` is there twice, and an ALB needs two zones"),
        ("vsw-a,vswitch-b", "`vswitch-b` is no id of a vSwitch, which begins with `vsw-`"),
        ("vsw-a,vsw-", "`vsw-` is no id of a vSwitch, which begins with `vsw-`"),
        (",", "an ALB needs vSwitches in two zones, and there is 0"),
    ] {
        let (bootstrap, messages) = network(&format!("vswitch-ids: '{text}'"));
        assert!(bootstrap.vswitch_ids.is_empty() && bootstrap.fault.is_some(), "{text}");
        assert!(messages[0].starts_with("error NA1164 data.vswitch-ids: "), "{messages:?}");
        assert!(messages[0].contains(fault), "{messages:?}");
    }
}

#[test]
fn without_vswitches_and_alb_config_nothing_is_made() {
    let (bootstrap, messages) = network("ingress-class: alb.ingress.networking.knative.dev");
    assert!(bootstrap.fault.is_some());
    assert!(messages[0].starts_with("warning NA1165 data.vswitch-ids: "), "{messages:?}");
}

#[test]
fn config_alb_says_the_rest() {
    let (settings, messages) = settings(
        "metadata: {name: config-alb}
data:
  listeners: HTTP:80, HTTPS:443,QUIC:443
  certificates: 123-cn-hangzhou, 456-cn-hangzhou
  access-log: project/alb_store
  deletion-protection: disabled
  intranet-albconfig: inside
",
    );
    let bootstrap = settings.bootstrap;
    let listeners: Vec<_> = bootstrap.listeners.iter().map(|(port, p)| format!("{p}:{port}")).collect();
    assert_eq!(listeners, ["HTTP:80", "HTTPS:443", "QUIC:443"]);
    assert_eq!(bootstrap.certificates, ["123-cn-hangzhou", "456-cn-hangzhou"]);
    assert_eq!(bootstrap.access_log, Some(("project".into(), "alb_store".into())));
    assert_eq!(bootstrap.intranet_albconfig.as_deref(), Some("inside"));
    assert!(!bootstrap.deletion_protection && messages.is_empty(), "{messages:?}");
}

#[test]
fn bad_values_are_named() {
    let (read, messages) = settings(
        "metadata: {name: config-alb}
data: {listeners: 'HTTP:80,HTTPS:80', access-log: store, deletion-protection: 'yes', hop: often}
",
    );
    let expected = Settings { target: Target::Alb, ..Settings::default() };
    assert_eq!(read, expected);
    assert_eq!(messages.len(), 4, "{messages:?}");
}

#[test]
fn classes_have_numbers_from_the_second_on() {
    let settings = Settings::default();
    for (class, place) in [
        ("knative-alb-ingress-internet", Some((AddressType::Internet, 1))),
        ("knative-alb-ingress-intranet", Some((AddressType::Intranet, 1))),
        ("knative-alb-ingress-internet-2", Some((AddressType::Internet, 2))),
        ("knative-alb-ingress-internet-1", None),
        ("knative-alb-ingress-internet-02", None),
        ("knative-alb-ingress-internet2", None),
        ("alb", None),
    ] {
        assert_eq!(settings.place_of(class), place, "{class}");
        if let Some((address_type, number)) = place {
            assert_eq!(settings.class(address_type, number), class);
        }
    }
}

#[test]
fn an_alb_config_of_another_name_has_the_first_place() {
    let mut settings = Settings { target: Target::Alb, ..Settings::default() };
    settings.bootstrap.albconfig = Some("main".to_owned());
    assert_eq!(settings.alb_config_name(AddressType::Internet, 1), "main");
    assert_eq!(settings.alb_config_name(AddressType::Internet, 2), "knative-alb-ingress-internet-2");
    assert_eq!(settings.place_of_alb_config("main"), Some((AddressType::Internet, 1)));
    assert_eq!(settings.place_of_alb_config("knative-alb-ingress-internet"), None);
}
