use super::*;

fn render(template: &str) -> Result<String, String> {
    let annotations = BTreeMap::from([("sub".to_owned(), "blue".to_owned())]);
    let labels = BTreeMap::from([("team".to_owned(), "web".to_owned())]);
    let values = DomainValues {
        name: "hello",
        namespace: "default",
        domain: "example.com",
        annotations: &annotations,
        labels: &labels,
    };
    DomainTemplate::new(template)?.render(values)
}

#[test]
fn documented_forms_render() {
    let cases = [
        (DomainTemplate::DEFAULT, "hello.default.example.com"),
        (
            r#"{{.Name}}-{{.Namespace}}.{{ index .Annotations "sub"}}.{{.Domain}}"#,
            "hello-default.blue.example.com",
        ),
        ("{{.Name}}{{if .Labels.team}}.{{.Labels.team}}{{end}}.{{.Domain}}", "hello.web.example.com"),
        (r#"{{.Name}}.{{with index .Labels "team"}}{{.}}{{else}}none{{end}}.x"#, "hello.web.x"),
        (r#"{{- .Name | printf "%s-app" -}} .{{.Domain}}"#, "hello-app.example.com"),
    ];
    for (template, host) in cases {
        assert_eq!(
            render(template).as_deref().map(|h| h.replace(' ', "")),
            Ok(host.to_owned()),
            "{template}"
        );
    }
}

#[test]
fn an_absent_key_is_empty_by_index() {
    assert_eq!(render(r#"a{{index .Annotations "gone"}}.{{.Domain}}"#).as_deref(), Ok("a.example.com"));
}

#[test]
fn an_absent_key_by_name_is_refused_as_in_knative() {
    let error = render("{{.Name}}.{{.Labels.team}}.{{.Domain}}").unwrap_err();
    assert_eq!(error, "it yields `foo.<no value>.baz.com` for a Service `foo` in `bar`, which is no host");
}

#[test]
fn an_unknown_field_is_refused_wherever_it_stands() {
    let expected = "`.Service` is none of `.Name`, `.Namespace`, `.Domain`, `.Annotations`, `.Labels`";
    for template in [
        "{{.Service}}.{{.Domain}}",
        "{{if .Service}}a{{end}}.{{.Domain}}",
        "{{if .Name}}a{{else}}{{.Service}}{{end}}.{{.Domain}}",
        "{{with .Labels}}{{$.Service}}{{end}}.{{.Domain}}",
        "{{(.Service | printf)}}.{{.Domain}}",
    ] {
        assert_eq!(render(template).unwrap_err(), expected, "{template}");
    }
}

#[test]
fn within_with_a_field_is_something_else_s() {
    assert_eq!(render("a{{with .Labels}}{{.team}}{{end}}.b").as_deref(), Ok("aweb.b"));
}

#[test]
fn broken_templates_are_refused() {
    for template in ["{{.Name", "{{nope .Name}}.b", "{{.Name}}/{{.Domain}}", "", "{{.Name.First}}.b"] {
        assert!(render(template).is_err(), "{template}");
    }
}

#[test]
fn templates_that_call_templates_are_refused() {
    for template in [
        r#"{{define "a"}}{{template "a"}}{{end}}{{.Name}}.b"#,
        r#"{{template "template" .}}.b"#,
        r#"{{block "a" .}}x{{end}}.b"#,
    ] {
        let error = render(template).unwrap_err();
        assert!(error.ends_with("aren't supported"), "{template}: {error}");
    }
}

#[test]
fn output_is_bounded() {
    let template = r#"{{printf "%60000s" .Name}}.b"#;
    assert!(DomainTemplate::new(template).is_err());
}

#[test]
fn a_tag_template_has_the_tag_and_the_name_only() {
    assert_eq!(
        TagTemplate::new("{{.Name}}--{{.Tag}}").unwrap().render("hello", "v1").as_deref(),
        Ok("hello--v1")
    );
    let error = TagTemplate::new("{{.Tag}}-{{.Namespace}}").unwrap_err();
    assert_eq!(error, "`.Namespace` is none of `.Name`, `.Tag`");
}
