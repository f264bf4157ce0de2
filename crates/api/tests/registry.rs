//! No annotation escapes the registry: neither one of Alibaba's nor one that the code spells out.

use net_alb_api::annotation::registry;
use std::fs;
use std::path::{Path, PathBuf};

const PREFIXES: &[&str] =
    &["alb.ingress.kubernetes.io/", "nginx.ingress.kubernetes.io/", "net-alb.knative.dev/"];

#[test]
fn every_annotation_of_alibabas_is_in_the_registry() {
    let keys = include_str!("alb-annotations.txt").lines().filter(|line| !line.starts_with('#'));
    let missing: Vec<_> = keys.filter(|key| registry::find(key).is_none()).collect();
    assert_eq!(missing, [""; 0], "add each to crates/api/src/annotation/registry/");
}

#[test]
fn every_key_that_code_spells_out_is_in_the_registry() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this crate is in crates/");
    let mut files = Vec::new();
    for name in ["api", "convert", "model", "gateway", "net-alb"] {
        sources(&crates.join(name).join("src"), &mut files);
    }
    assert!(files.len() > 20, "the sources are there");
    let mut found = 0;
    for file in files {
        let text = fs::read_to_string(&file).expect("a source file is text");
        for key in literals(&text) {
            found += 1;
            let known = registry::find(key).is_some() || registry::all().any(|a| a.key == key);
            assert!(known || PREFIXES.contains(&key), "{}: `{key}` is in no registry", file.display());
        }
    }
    assert!(found > 60, "the registry's own keys are among them");
}

fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.map(|entry| entry.expect("the folder is readable").path()) {
        match path.extension() {
            None => sources(&path, files),
            // Tests and codes show wrong keys on purpose.
            Some(_) if path.file_stem().is_some_and(|stem| stem == "tests") => {}
            Some(extension) if extension == "rs" => files.push(path),
            Some(_) => {}
        }
    }
}

/// Keys that are a whole string literal.
fn literals(text: &str) -> impl Iterator<Item = &str> {
    let quoted = text.split('"').filter(|part| PREFIXES.iter().any(|prefix| part.starts_with(prefix)));
    quoted.filter(|part| !part.contains([' ', '{', '\n']))
}
