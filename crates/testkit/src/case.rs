use libtest_mimic::{Arguments, Failed, Trial};
use net_alb_api::{Object, Snapshot};
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// One folder of `cases/`.
#[derive(Debug, Clone)]
pub struct Case {
    /// The folder's name.
    pub name: String,
    dir: PathBuf,
}

impl Case {
    /// Every case, by name.
    pub fn all() -> Vec<Case> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cases");
        let mut cases: Vec<Case> = fs::read_dir(&root)
            .expect("the workspace has a folder `cases`")
            .filter_map(|entry| {
                let dir = entry.expect("`cases` is readable").path();
                let name = dir.file_name()?.to_str()?.to_owned();
                dir.join("input.yaml").is_file().then_some(Case { name, dir })
            })
            .collect();
        cases.sort_by(|a, b| a.name.cmp(&b.name));
        cases
    }

    /// A file's path.
    pub fn path(&self, file: &str) -> PathBuf {
        self.dir.join(file)
    }

    /// A file's text, if it is there.
    pub fn text(&self, file: &str) -> Option<String> {
        fs::read_to_string(self.path(file)).ok()
    }

    /// The objects of these files together; a file that isn't there adds none.
    pub fn snapshot(&self, files: &[&str]) -> Snapshot {
        let texts: Vec<String> = files.iter().filter_map(|file| self.text(file)).collect();
        snapshot(&texts.join("\n---\n"))
    }

    /// Compares `actual` with a golden file, whole. An empty text means that there must be no file. With
    /// `SNAPSHOTS=overwrite` the file becomes what `actual` says.
    pub fn check(&self, file: &str, actual: &str) {
        let path = self.path(file);
        if actual.is_empty() {
            if std::env::var("SNAPSHOTS").as_deref() == Ok("overwrite") {
                let _ = fs::remove_file(&path);
            }
            assert!(!path.exists(), "{}: the stage says nothing, but {file} exists", self.name);
            return;
        }
        let expected = snapbox::Data::try_read_from(&path, Some(snapbox::data::DataFormat::Text))
            .unwrap_or_else(|_| snapbox::Data::text(""));
        let expected = if path.exists() { expected } else { absent(&path) };
        snapbox::Assert::new().action_env("SNAPSHOTS").eq(actual.to_owned(), expected.raw());
    }
}

/// A golden that isn't written yet: made empty when overwriting, so that snapbox has a file to fill.
fn absent(path: &Path) -> snapbox::Data {
    if std::env::var("SNAPSHOTS").as_deref() == Ok("overwrite") {
        fs::write(path, "").expect("the case folder is writable");
        return snapbox::Data::read_from(path, Some(snapbox::data::DataFormat::Text));
    }
    snapbox::Data::text("")
}

/// Runs `test` once a case that `applies`, each as a test of its own name: `cargo test -- split` picks some.
pub fn run(applies: fn(&Case) -> bool, test: fn(&Case)) -> ExitCode {
    let trials = Case::all()
        .into_iter()
        .filter(applies)
        .map(|case| {
            Trial::test(case.name.clone(), move || {
                test(&case);
                Ok::<(), Failed>(())
            })
        })
        .collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// The objects of a text with any number of YAML documents; documents of unknown kinds are passed over.
///
/// This is the tests' plain reader; what a person writes is read with places and advice by the binary.
pub fn snapshot(yaml: &str) -> Snapshot {
    let documents: Vec<serde_json::Value> =
        serde_saphyr::from_multiple(yaml).expect("the test's YAML parses");
    let mut snapshot = Snapshot::default();
    for document in documents {
        let word = |key: &str| document.get(key).and_then(|v| v.as_str()).unwrap_or_default().to_owned();
        let (api_version, kind) = (word("apiVersion"), word("kind"));
        if let Some(object) = Object::read(&api_version, &kind, document) {
            let object = object.unwrap_or_else(|e| panic!("the test's {kind} is well formed: {e}"));
            assert!(snapshot.insert(object), "the test has two objects of one name");
        }
    }
    snapshot
}

/// YAML documents with `---` between them, as `net-alb convert` prints them.
pub fn yaml<T: Serialize>(documents: &[T]) -> String {
    let texts: Vec<String> = documents
        .iter()
        .map(|document| serde_saphyr::to_string(document).expect("a value is YAML"))
        .collect();
    texts.join("---\n")
}
