use super::*;
use crate::Object;

/// Reads ConfigMaps from YAML documents and the settings from those.
fn settings(yaml: &str) -> (Settings, Vec<String>) {
    let mut snapshot = Snapshot::default();
    for config_map in serde_saphyr::from_multiple::<ConfigMap>(yaml).unwrap() {
        assert!(snapshot.insert(Object::ConfigMap(config_map)));
    }
    let outcome = Settings::from_snapshot(&snapshot, Settings::default());
    let messages = outcome.diagnostics.iter().map(|d| format!("{} {d}", d.severity)).collect();
    (outcome.value, messages)
}

#[test]
fn without_a_config_map_nothing_changes() {
    let (read, messages) = settings("metadata: {name: config-network}\ndata: {target: alb}\n");
    assert_eq!((read, messages), (Settings::default(), vec![]));
}

#[test]
fn reads_every_key() {
    let (read, messages) = settings(
        "metadata: {name: config-alb, namespace: knative-serving}
data:
  _example: anything
  target: alb
  annotation-format: current
  cluster-local: shared
  http3: enabled
  internet-class: public.example
  intranet-class: private
",
    );
    let expected = Settings {
        target: Target::Alb,
        cluster_local: ClusterLocal::Shared,
        http3: Http3::Enabled,
        internet_class: "public.example".into(),
        intranet_class: "private".into(),
        ..Settings::default()
    };
    assert_eq!((read, messages), (expected, vec![]));
}

#[test]
fn keeps_the_base_where_a_value_is_bad() {
    let (read, messages) = settings(
        "metadata: {name: config-alb}
data:
  target: alp
  cluster_local: shared
  internet-class: Public
  annotation-format: article
",
    );
    let expected = Settings { annotation_format: AnnotationFormat::Article, ..Settings::default() };
    assert_eq!(read, expected);
    assert_eq!(
        messages,
        [
            "warning NA1162 data.cluster_local: `cluster_local` is no setting and has no effect; write `cluster-local`",
            "error NA1161 data.internet-class: `Public` can't be the name of an IngressClass; write lower-case letters, digits, `-` and `.`, at most 253",
            "error NA1161 data.target: `alp` is none of `alb`, `gateway`; write `alb`",
        ]
    );
}

#[test]
fn an_alb_gets_todays_form_only() {
    let (read, messages) =
        settings("metadata: {name: config-alb}\ndata: {target: alb, annotation-format: article}\n");
    assert_eq!(read, Settings { target: Target::Alb, ..Settings::default() });
    assert!(messages[0].starts_with("error NA1161 data.annotation-format: "), "{messages:?}");
}

#[test]
fn refuses_one_class_for_both_visibilities() {
    let (read, messages) =
        settings("metadata: {name: config-alb}\ndata: {internet-class: one, intranet-class: one}\n");
    assert_eq!(read, Settings::default());
    assert!(messages[0].starts_with("error NA1161 data.intranet-class: "), "{messages:?}");
    assert!(messages[0].contains("cluster-local hosts would be public"), "{messages:?}");
}

#[test]
fn reads_one_config_map_of_several() {
    let (read, messages) = settings(
        "metadata: {name: config-alb, namespace: a}
data: {target: alb}
---
metadata: {name: config-alb, namespace: knative-serving}
data: {cluster-local: shared}
",
    );
    assert_eq!(read, Settings { cluster_local: ClusterLocal::Shared, ..Settings::default() });
    let message =
        "warning NA1163 the settings are read from `knative-serving/config-alb` only; delete one of them";
    assert_eq!(messages, [message]);
}

#[test]
fn the_charts_example_shows_every_key_with_its_default() {
    let chart = include_str!("../../../../../charts/net-alb/templates/config.yaml");
    let config_map: ConfigMap = serde_saphyr::from_str(chart).unwrap();
    let example: std::collections::BTreeMap<String, String> =
        serde_saphyr::from_str(&config_map.data.unwrap()["_example"]).unwrap();
    let mut known = KEYS.to_vec();
    known.sort_unstable();
    assert_eq!(example.keys().collect::<Vec<_>>(), known);
    let written = ConfigMap { data: Some(example), metadata: config_map.metadata, ..ConfigMap::default() };
    let mut snapshot = Snapshot::default();
    snapshot.insert(Object::ConfigMap(written));
    let read = Settings::from_snapshot(&snapshot, Settings::default());
    assert_eq!((read.value, read.diagnostics), (Settings::default(), vec![]));
}
