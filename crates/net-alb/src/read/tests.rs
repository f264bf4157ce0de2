use super::*;

fn reading(files: &[(&str, &str)]) -> Reading {
    let text = |(name, text): &(&str, &str)| Text { name: (*name).into(), bytes: text.as_bytes().to_vec() };
    super::read(files.iter().map(text).collect())
}

fn snapshot(reading: &Reading) -> net_alb_api::Snapshot {
    let mut snapshot = net_alb_api::Snapshot::default();
    for object in reading.objects.values() {
        snapshot.insert((**object).clone());
    }
    snapshot
}

/// What is said about a file: `line:column CODE message; help`, one a line.
fn said(text: &str) -> String {
    lines(&reading(&[("f", text)]))
}

fn lines(reading: &Reading) -> String {
    let line = |diagnostic: &Diagnostic| {
        let Place::Text { line, column, .. } = &diagnostic.place else { panic!("{diagnostic}") };
        let help = diagnostic.help.as_ref().map_or(String::new(), |help| format!("; {help}"));
        format!("{line}:{column} {} {}{help}\n", diagnostic.code, diagnostic.message)
    };
    reading.diagnostics.iter().map(line).collect()
}

const HELLO: &str = "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: hello}\n";

#[test]
fn a_good_file_is_silent() {
    let reading = reading(&[("f", HELLO)]);
    assert_eq!(lines(&reading), "");
    assert_eq!(snapshot(&reading).kservices.len(), 1);
}

#[test]
fn a_broken_document_does_not_stop_the_others() {
    let text =
        format!("{HELLO}---\na: [1\nb: 2\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: other}}\n");
    let reading = reading(&[("f", &text)]);
    assert_eq!(lines(&reading), "6:2 NA0001 illegal placement of ':' indicator; close it with `]`\n");
    assert_eq!((snapshot(&reading).kservices.len(), snapshot(&reading).services.len()), (1, 1));
}

#[test]
fn every_unknown_field_is_named_with_the_nearest_known_one() {
    let text =
        format!("{HELLO}spec:\n  trafic: []\n  template:\n    spec:\n      containers:\n      - imagee: x\n");
    assert_eq!(
        said(&text),
        "5:3 NA0010 there is no field `spec.trafic`; did you mean `traffic`?\n\
         9:9 NA0010 there is no field `spec.template.spec.containers[0].imagee`; did you mean `image`?\n"
    );
}

#[test]
fn every_value_of_the_wrong_type_is_named() {
    let text = format!(
        "{HELLO}spec:\n  traffic:\n  - percent: fifty\n    tag: 5\n  - percent: \"50\"\n  template:\n    \
         spec:\n      containers:\n      - image: x\n        env: [{{name: A, value: yes}}]\n        ports: 8080\n"
    );
    assert_eq!(
        said(&text),
        "6:14 NA0011 `spec.traffic[0].percent` must be a number, not the text `fifty`; write digits\n\
         7:10 NA0011 `spec.traffic[0].tag` must be a string, not the number `5`; put it between quotes: \"5\"\n\
         8:14 NA0011 `spec.traffic[1].percent` must be a number, not the text `50`; remove the quotes\n\
         13:32 NA0011 `spec.template.spec.containers[0].env[0].value` must be a string, not the boolean `true`; put it between quotes: \"yes\"\n\
         14:16 NA0011 `spec.template.spec.containers[0].ports` must be a list, not the number `8080`\n"
    );
}

#[test]
fn quantities_ports_and_nulls_are_read_as_kubernetes_reads_them() {
    let text = format!(
        "{HELLO}spec:\n  traffic:\n  template:\n    spec:\n      containers:\n      - image: x\n        \
         resources: {{limits: {{cpu: 1, memory: 512Mi}}}}\n        readinessProbe: {{httpGet: {{port: http1}}}}\n"
    );
    assert_eq!(said(&text), "");
}

#[test]
fn what_a_cluster_writes_is_not_checked() {
    let text = "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata:\n  name: hello\n  managedFields: 5\n\
                status:\n  unheardOf: 1\n  latestReadyRevisionName: hello-00002\n";
    let reading = reading(&[("f", text)]);
    assert_eq!(lines(&reading), "");
    let snapshot = snapshot(&reading);
    let (_, hello) = snapshot.kservices.first_key_value().unwrap();
    assert_eq!(hello.status.as_ref().unwrap().latest_ready_revision_name.as_deref(), Some("hello-00002"));
}

#[test]
fn the_articles_unquoted_annotation_is_refused_with_the_line_to_paste() {
    let text = "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata:\n  annotations:\n    \
                alicloud.serving.knative.dev/headers: [{revision:helloworld-go-00002,headers:{demo:test}}]\n  name: hello\n";
    assert_eq!(
        said(text),
        "5:43 NA0012 the annotation `alicloud.serving.knative.dev/headers` is a list or map, not a string; the API server \
         would refuse the object; put it between quotes: alicloud.serving.knative.dev/headers: \
         '[{revision:helloworld-go-00002,headers:{demo:test}}]'\n"
    );
}

#[test]
fn an_object_is_read_without_an_annotation_that_is_no_string() {
    let text = HELLO.replace("hello}", "hello, annotations: {a: [], b: c}}");
    let reading = reading(&[("f", &text)]);
    assert!(lines(&reading).starts_with("3:42 NA0012 the annotation `a` is a list"), "{}", lines(&reading));
    let snapshot = snapshot(&reading);
    let (_, hello) = snapshot.kservices.first_key_value().unwrap();
    assert_eq!(format!("{:?}", hello.metadata.annotations.as_ref().unwrap()), r#"{"b": "c"}"#);
}

#[test]
fn a_list_or_number_for_an_annotation_is_refused_with_the_line_to_paste() {
    let text = "apiVersion: v1\nkind: Service\nmetadata:\n  name: hello\n  annotations:\n    a: [{b: 'c'}] # why\n    d: 100\n";
    assert_eq!(
        said(text),
        "6:8 NA0012 the annotation `a` is a list, not a string; the API server would refuse the object; put it between \
         quotes: a: '[{b: ''c''}]'\n\
         7:8 NA0012 the annotation `d` is the number `100`, not a string; the API server would refuse the object; put it \
         between quotes: d: '100'\n"
    );
}

#[test]
fn kinds_that_look_like_mistakes_are_errors_and_others_notes() {
    let kinds = [
        ("serving.knative.dev/v1beta1", "Service"),
        ("serving.knative.dev/v1", "Servce"),
        ("serving.knatve.dev/v1", "Service"),
        ("apps/v1", "Deployment"),
    ];
    let text: String = kinds
        .map(|(version, kind)| format!("---\napiVersion: {version}\nkind: {kind}\nmetadata: {{name: a}}\n"))
        .concat();
    assert_eq!(
        said(&text),
        "2:13 NA0006 `Service` is read in the version `serving.knative.dev/v1`, not `serving.knative.dev/v1beta1`; write \
         `apiVersion: serving.knative.dev/v1` and check the fields against that version\n\
         7:7 NA0006 `serving.knative.dev/v1` has no kind `Servce`; did you mean `Service`?\n\
         10:13 NA0006 there is no `Service` in `serving.knatve.dev/v1`; did you mean `serving.knative.dev/v1`?\n\
         15:7 NA0007 net-alb has no use for `apps/v1` `Deployment` and passes it over\n"
    );
}

#[test]
fn headers_and_names_must_be_there() {
    assert_eq!(said("- a\n"), "1:1 NA0005 an object is a map with `apiVersion` and `kind`, not a list\n");
    assert!(
        said("kind: Service\n").starts_with("1:1 NA0005 the object has no `apiVersion`; add `apiVersion: …`")
    );
    assert_eq!(
        said(
            "apiVersion: v1\nkind: Service\nmetadata: {}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: A_b}\n"
        ),
        "3:1 NA0008 the object has no `metadata.name`; add `metadata.name`\n\
         7:18 NA0008 `A_b` can't be `metadata.name`: it takes at most 63 lower-case letters, digits and `-`\n"
    );
}

#[test]
fn lists_are_unpacked_and_empty_documents_passed_over() {
    let text = "---\n---\napiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Service, metadata: {name: a}}\n\
                - {apiVersion: v1, kind: Service, metadata: {name: b, nam: c}}\n";
    let reading = reading(&[("f", text)]);
    assert_eq!(lines(&reading), "7:55 NA0010 there is no field `metadata.nam`; did you mean `name`?\n");
    assert_eq!(snapshot(&reading).services.len(), 1);
}

#[test]
fn a_key_twice_refuses_its_object_only() {
    let text = format!("{HELLO}kind: Service\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: b}}\n");
    let reading = reading(&[("f", &text)]);
    assert_eq!(lines(&reading), "4:1 NA0002 the key `kind` is here twice; keep one of them\n");
    assert_eq!((snapshot(&reading).kservices.len(), snapshot(&reading).services.len()), (0, 1));
}

#[test]
fn an_object_twice_names_both_places() {
    let reading = reading(&[("a", HELLO), ("b", &format!("# é\n{HELLO}"))]);
    assert_eq!(reading.diagnostics.len(), 1);
    let diagnostic = &reading.diagnostics[0];
    assert_eq!(diagnostic.place, Place::Text { file: "b".into(), line: 4, column: 18 });
    assert_eq!(diagnostic.related[0].place, Place::Text { file: "a".into(), line: 3, column: 18 });
}

#[test]
fn aliases_and_merges_are_followed_within_bounds() {
    let text = "apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n  labels: &l {a: \"1\", b: \"2\"}\nspec:\n  \
                selector:\n    <<: *l\n    b: \"3\"\n";
    let reading = reading(&[("f", text)]);
    assert_eq!(lines(&reading), "");
    let snapshot = snapshot(&reading);
    let (_, service) = snapshot.services.first_key_value().unwrap();
    let selector = service.spec.as_ref().unwrap().selector.as_ref().unwrap();
    assert_eq!(format!("{selector:?}"), r#"{"a": "1", "b": "3"}"#);

    let level =
        |c: char| format!("{c}: &{c} [{}]\n", vec![format!("*{}", char::from(c as u8 - 1)); 9].join(","));
    let bomb: Vec<_> = ('b'..='z').map(level).collect();
    let text = format!("a: &a [x]\n{}", bomb.concat());
    assert!(said(&text).contains("NA0003 the document's aliases stand for more than 100000 values"));
    assert!(said(&"[".repeat(100_000)).contains("NA00"));
    let chain: Vec<_> = (1..500).map(|n| format!("a{n}: &a{n} [*a{}]\n", n - 1)).collect();
    let text = format!("a0: &a0 [x]\n{}", chain.concat());
    assert!(said(&text).contains("NA0003 lists and maps are nested more than 100 deep"));
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let text = Text { name: "f".into(), bytes: vec![0xff, 0xfe, b'a', 0] };
    let reading = super::read(vec![text]);
    assert_eq!(lines(&reading), "1:1 NA0004 the file is no UTF-8 text: byte 0 is no part of any\n");
}

#[test]
fn a_secrets_values_are_never_shown() {
    let text = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {password: 12345}\ndata: {key: not-base64}\n";
    assert_eq!(
        said(text),
        "4:24 NA0011 `stringData[\"password\"]` must be a string; what is there is not shown; put it between quotes, or \
         let `kubectl create secret` write it\n\
         5:13 NA0011 `data[\"key\"]` must be base64 text; what is there is not shown; put it between quotes, or let \
         `kubectl create secret` write it\n"
    );
    let reading = reading(&[("f", text)]);
    assert!(!reading.sources.locate(&reading.diagnostics[0].place).unwrap().visible);
    for value in ["{data: {key: hidden}}", "{data:{key:hidden}}"] {
        let text = format!(
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n  annotations:\n    last: {value}\n"
        );
        let said = said(&text);
        assert!(said.contains("NA0012 an annotation of this Secret") && !said.contains("hidden"), "{said}");
    }
}

#[test]
fn a_derived_objects_field_leads_to_what_it_was_made_of() {
    let text = format!(
        "# é\n{}  annotations:\n    a/b: x\nspec:\n  traffic:\n  - percent: 5\n",
        HELLO.replace("{name: hello}", "\n  name: hello")
    );
    let mut reading = reading(&[("f", &text)]);
    let (kservice, _) = reading.objects.first_key_value().unwrap();
    let kservice = kservice.clone();
    let kingress = ObjectRef {
        group: "networking.internal.knative.dev".into(),
        kind: "Ingress".into(),
        ..kservice.clone()
    };
    reading.sources.add_origin(kingress.clone(), kservice.clone());
    let at = |object: &ObjectRef, path| {
        let place = Place::Field { object: object.clone(), path };
        let located = reading.sources.locate(&place).unwrap();
        (located.file.position(located.span.start), located.file.text[located.span.range()].to_owned())
    };
    let path = net_alb_diag::FieldPath::annotation("a/b");
    assert_eq!(at(&kingress, path), ((7, 10), "x".into()));
    let rule = net_alb_diag::FieldPath::of("spec.rules").index(0);
    assert_eq!(at(&kingress, rule.key("http").key("paths").index(1)), ((9, 3), "traffic".into()));
    assert_eq!(at(&kingress, rule.key("hosts").index(0)), ((5, 9), "hello".into()));
    assert_eq!(at(&kingress, net_alb_diag::FieldPath::of("spec.httpOption")), ((5, 9), "hello".into()));
    let path = net_alb_diag::FieldPath::of("spec.traffic").index(0).key("percent");
    assert_eq!(at(&kservice, path), ((10, 14), "5".into()));
    let path = net_alb_diag::FieldPath::of("spec.traffic").index(3);
    assert_eq!(at(&kservice, path), ((9, 3), "traffic".into()));
}
