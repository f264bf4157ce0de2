use super::*;
use crate::frame;
use net_alb_api::Object;

fn settings() -> Settings {
    let mut settings = Settings { target: Target::Alb, ..Settings::default() };
    settings.bootstrap.vswitch_ids = vec!["vsw-a".to_owned(), "vsw-b".to_owned()];
    settings
}

fn yaml(wanted: &Wanted) -> String {
    match wanted {
        Wanted::Made(alb_config) => {
            net_alb_testkit::yaml(&[Object::AlbConfig(alb_config.clone()).to_value().unwrap()])
        }
        Wanted::Listeners(listeners) => net_alb_testkit::yaml(listeners),
    }
}

#[test]
fn two_vswitches_make_an_alb_config() {
    let wanted = wanted_alb_config((AddressType::Internet, 1), &BTreeSet::new(), &settings()).unwrap();
    assert_eq!(
        yaml(&wanted),
        "apiVersion: alibabacloud.com/v1
kind: AlbConfig
metadata:
  annotations:
    net-alb.knative.dev/default-status: \"404\"
  labels:
    app.kubernetes.io/managed-by: net-alb
  name: knative-alb-ingress-internet
spec:
  config:
    addressType: Internet
    deletionProtectionEnabled: true
    edition: Standard
    zoneMappings:
    - vSwitchId: vsw-a
    - vSwitchId: vsw-b
  listeners:
  - port: 80
    protocol: HTTP
    xForwardedForConfig:
      XForwardedForClientSrcPortEnabled: false
      XForwardedForEnabled: true
      XForwardedForHostEnabled: true
      XForwardedForProtoEnabled: true
      XForwardedForSLBIdEnabled: false
      XForwardedForSLBPortEnabled: false
"
    );
}

#[test]
fn everything_that_is_configured_is_in_it_and_can_be_read_back() {
    let mut settings = settings();
    settings.bootstrap.listeners.extend([(443, "HTTPS".to_owned()), (443, "QUIC".to_owned())]);
    settings.bootstrap.certificates = vec!["1-cn-hangzhou".to_owned(), "2-cn-hangzhou".to_owned()];
    settings.bootstrap.access_log = Some(("project".to_owned(), "alb_store".to_owned()));
    settings.bootstrap.deletion_protection = false;
    let asked = BTreeSet::from([ListenerId { port: 8443, protocol: Protocol::Https }]);
    let wanted = wanted_alb_config((AddressType::Intranet, 3), &asked, &settings);
    let Some(Wanted::Made(alb_config)) = wanted else { panic!("{wanted:?}") };
    assert_eq!(alb_config.name(), "knative-alb-ingress-intranet-3");
    let outcome = frame(&alb_config, &settings);
    assert_eq!(outcome.diagnostics, vec![]);
    let ids: Vec<String> = outcome.value.listeners.iter().map(|listener| listener.id.to_string()).collect();
    assert_eq!(ids, ["80/HTTP", "443/HTTPS", "443/QUIC", "8443/HTTPS"]);
    assert_eq!(outcome.value.address_type, AddressType::Intranet);
    let log = &alb_config.spec.config.other["accessLogConfig"];
    assert_eq!(log, &json!({"logProject": "project", "logStore": "alb_store"}));
}

#[test]
fn a_listener_for_tls_waits_for_a_certificate() {
    let mut settings = settings();
    settings.bootstrap.listeners.insert((443, "HTTPS".to_owned()));
    let count = |asked: &BTreeSet<ListenerId>| match wanted_alb_config(
        (AddressType::Internet, 1),
        asked,
        &settings,
    ) {
        Some(Wanted::Made(alb_config)) => alb_config.spec.listeners.len(),
        other => panic!("{other:?}"),
    };
    assert_eq!(count(&BTreeSet::new()), 1);
    // An Ingress asks for it only with a Secret.
    assert_eq!(count(&BTreeSet::from([ListenerId { port: 443, protocol: Protocol::Https }])), 2);
}

#[test]
fn of_an_alb_config_of_somebody_elses_only_listeners_are_wanted() {
    let mut settings = settings();
    settings.bootstrap.albconfig = Some("main".to_owned());
    let wanted = wanted_alb_config((AddressType::Internet, 1), &BTreeSet::new(), &settings);
    assert!(matches!(wanted, Some(Wanted::Listeners(listeners)) if listeners.len() == 1));
    let class = wanted_ingress_class((AddressType::Internet, 1), &settings);
    assert_eq!(class.metadata.name.as_deref(), Some("knative-alb-ingress-internet"));
    assert_eq!(class.spec.unwrap().parameters.unwrap().name, "main");
    // The second one is net-alb's own again.
    let wanted = wanted_alb_config((AddressType::Internet, 2), &BTreeSet::new(), &settings);
    assert!(matches!(wanted, Some(Wanted::Made(_))));
}

#[test]
fn without_vswitches_nothing_is_made() {
    let mut settings = settings();
    settings.bootstrap.vswitch_ids.clear();
    assert_eq!(wanted_alb_config((AddressType::Internet, 1), &BTreeSet::new(), &settings), None);
}
