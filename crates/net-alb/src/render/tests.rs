use super::*;
use crate::read::Text;
use proptest::prelude::*;

/// Reads a text and prints all that there is to say about it, in both styles.
fn said(text: &[u8]) -> String {
    let reading = crate::read::read(vec![Text { name: "f.yaml".into(), bytes: text.to_vec() }]);
    let mut out = Vec::new();
    for style in [Style::Text, Style::Json] {
        print(&mut out, &reading.diagnostics, &reading.sources, style).unwrap();
    }
    String::from_utf8(out).unwrap()
}

const APP: &str = "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata:\n  name: h\u{e9}llo\n  annotations:\n    \
                   a/b: [{c:d,e:{f:g}}]\nspec:\n  traffic:\n  - {percent: &p 50, tag: *p}\n  trafic: |\n    x\n--- # \u{1F600}\n\
                   {\"kind\": \"List\", \"items\": [\"\\u00e9\", !!binary x]}\n";

#[test]
fn every_beginning_of_a_file_is_read_without_panic() {
    for end in 0..=APP.len() {
        said(&APP.as_bytes()[..end]);
    }
}

#[test]
fn a_file_cannot_write_to_the_terminal() {
    let said = said(b"apiVersion: \"v1\\e[31m\"\nkind: Service\n");
    assert!(said.contains(r"v1\u{1b}[31m"), "{said}");
    assert!(!said.contains("v1\u{1b}"), "{said}");
}

proptest! {
    #[test]
    fn any_change_of_a_file_is_read_without_panic(
        at in 0..APP.len(),
        length in 0..20_usize,
        text in r#"[-:\[\]{}&*!|>'"%@`,#? \n\r\ta-c0-9\u{0}-\u{1f}\u{e9}\u{feff}\u{85}\u{2028}]{0,30}"#,
    ) {
        let mut bytes = APP.as_bytes().to_vec();
        let end = (at + length).min(bytes.len());
        bytes.splice(at..end, text.bytes());
        said(&bytes);
    }
}
