//! The hash by which Knative asks a gateway which version of a KIngress it serves.
//!
//! A request with `K-Network-Hash: override` reaches its backend with the hash in place of `override`, and whoever answers
//! `K-Network-Probe: probe` sends that back. Source: networking `pkg/ingress/ingress.go` (`ComputeHash`, `InsertProbe`).

use crate::{KIngress, Visibility};
use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter};
use sha2::{Digest, Sha256};
use std::io::{self, Write};

/// The network hash of a KIngress: SHA-256, in lower-case hexadecimal digits, of its spec as Go writes it in JSON, its namespace
/// and its name. Defaults are filled in first, as Knative's webhook does; annotations are no part of it.
///
/// Source: networking `pkg/ingress/ingress.go`, `pkg/apis/networking/v1alpha1/ingress_defaults.go`.
pub fn network_hash(kingress: &KIngress) -> String {
    let mut spec = kingress.spec.clone();
    for rule in &mut spec.rules {
        rule.visibility.get_or_insert(Visibility::ExternalIP);
        for path in rule.http.iter_mut().flat_map(|http| http.paths.iter_mut().flatten()) {
            if let Some([split]) = path.splits.as_deref_mut()
                && split.percent == 0
            {
                split.percent = 100;
            }
        }
    }
    hash(&spec, &kingress.metadata)
}

fn hash(spec: &crate::IngressSpec, metadata: &crate::ObjectMeta) -> String {
    let mut hasher = Sha256::new();
    hasher.update(go_json(spec));
    hasher.update(metadata.namespace.as_deref().unwrap_or_default());
    hasher.update(metadata.name.as_deref().unwrap_or_default());
    let digits =
        |byte: &u8| [byte >> 4, byte & 15].map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)]));
    hasher.finalize().iter().flat_map(digits).collect()
}

/// JSON as Go's `json.Marshal` writes it: as serde_json does, and with `<`, `>`, `&`, U+2028 and U+2029 escaped.
fn go_json(value: &impl Serialize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, Go);
    value
        .serialize(&mut serializer)
        .expect("text keys and plain values have a JSON form, and memory takes it");
    out
}

struct Go;

impl Formatter for Go {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let special = |c: char| matches!(c, '<' | '>' | '&' | '\u{2028}' | '\u{2029}');
        let mut rest = fragment;
        while let Some(at) = rest.find(special) {
            out.write_all(&rest.as_bytes()[..at])?;
            let found = rest[at..].chars().next().expect("`find` has found one");
            write!(out, "\\u{:04x}", u32::from(found))?;
            rest = &rest[at + found.len_utf8()..];
        }
        out.write_all(rest.as_bytes())
    }

    fn write_char_escape<W: ?Sized + Write>(&mut self, out: &mut W, escape: CharEscape) -> io::Result<()> {
        let short = match escape {
            CharEscape::Quote => b'"',
            CharEscape::ReverseSolidus => b'\\',
            CharEscape::Solidus => b'/',
            CharEscape::Backspace => b'b',
            CharEscape::FormFeed => b'f',
            CharEscape::LineFeed => b'n',
            CharEscape::CarriageReturn => b'r',
            CharEscape::Tab => b't',
            CharEscape::AsciiControl(byte) => return write!(out, "\\u{byte:04x}"),
        };
        out.write_all(&[b'\\', short])
    }
}

/// Expected values come from Knative's own `ComputeHash`.
#[cfg(test)]
mod tests {
    use super::*;
    use crate::ObjectMeta;

    fn kingress(namespace: &str, name: &str, spec: &str) -> KIngress {
        let metadata = ObjectMeta {
            namespace: Some(namespace.to_owned()),
            name: Some(name.to_owned()),
            ..ObjectMeta::default()
        };
        KIngress { metadata, spec: serde_json::from_str(spec).unwrap(), status: None }
    }

    fn raw(spec: &str) -> String {
        let kingress = kingress("ns", "n", spec);
        hash(&kingress.spec, &kingress.metadata)
    }

    const BASIC: &str = r#"{"rules":[{"hosts":["a.example.com"],"visibility":"ExternalIP","http":{"paths":[{"splits":[{"serviceNamespace":"serving-tests","serviceName":"svc","servicePort":80,"percent":100}]}]}}],"httpOption":"Enabled"}"#;
    const BASIC_HASH: &str = "385d7a6e2ea1e3709ef779b4f69daf4380391e758b26fee9fc32291f55bf633f";

    #[test]
    fn a_spec_hashes_as_in_go() {
        assert_eq!(network_hash(&kingress("serving-tests", "ing", BASIC)), BASIC_HASH);
    }

    #[test]
    fn defaults_are_filled_in_first() {
        let spec = BASIC.replace(r#""visibility":"ExternalIP","#, "").replace(r#","percent":100"#, "");
        assert_eq!(network_hash(&kingress("serving-tests", "ing", &spec)), BASIC_HASH);
    }

    #[test]
    fn every_field_and_escape_hashes_as_in_go() {
        let spec = r#"{"tls":[{"hosts":["h"],"secretName":"s","secretNamespace":"ns"}],"rules":[{"hosts":["h","i"],"visibility":"ClusterLocal","http":{"paths":[{"path":"/p","rewriteHost":"rw","headers":{"A":{"exact":""},"Z":{"exact":"z"}},"splits":[{"serviceNamespace":"ns","serviceName":"x","servicePort":"http","appendHeaders":{"k":"v"}},{"serviceNamespace":"ns","serviceName":"y","servicePort":443,"percent":100}],"appendHeaders":{"B":"\u003c\u0026\u003e\u2028\"\\é","b":"2"}}]}}],"httpOption":"Redirected"}"#;
        assert_eq!(raw(spec), "bd8e29d7e04b702d7ebcc938c591a3d15382b3b0dd2deb07e602225b29406bd0");
    }

    #[test]
    fn what_is_absent_hashes_as_in_go() {
        let spec = r#"{"rules":[{"http":{"paths":null}},{"http":{"paths":[{"splits":null}]}},{}]}"#;
        assert_eq!(raw(spec), "6fc099aabf71a69befa22842763385ff51e8f1cda2f2b767acf460e1b4bb2280");
    }

    #[test]
    fn control_characters_hash_as_in_go() {
        let spec = r#"{"rules":[{"http":{"paths":[{"path":"/a\tb\n\r\b\f/","splits":[]}]}}]}"#;
        assert_eq!(raw(spec), "d96e44d3b6edaa40e092851b2605ec073b07446cd3c86025d617baa4d0777e4d");
    }
}
