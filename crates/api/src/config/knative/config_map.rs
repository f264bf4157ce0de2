use crate::ConfigMap;
use crate::{ObjectKey, Snapshot};
use net_alb_diag::codes::expand::{CONFIG_KEY, CONFIG_MAP_TWICE, CONFIG_VALUE};
use net_alb_diag::{Code, Diagnostic, FieldPath, ObjectRef, nearest};
use std::collections::BTreeMap;

/// Where Knative keeps its ConfigMaps.
const NAMESPACE: &str = "knative-serving";
/// A ConfigMap's commented example; Knative passes over it too.
const EXAMPLE: &str = "_example";

/// The data of one ConfigMap, and what there is to say about it.
pub(in crate::config) struct Data<'a> {
    object: ObjectRef,
    values: BTreeMap<&'a str, &'a str>,
    pub(in crate::config) diagnostics: Vec<Diagnostic>,
}

/// Lets a caller add advice to a diagnostic that is in the list already.
pub(in crate::config) struct Complaint<'a>(&'a mut Diagnostic);

impl Complaint<'_> {
    pub(in crate::config) fn help(self, help: impl Into<String>) {
        self.0.help = Some(help.into());
    }
}

impl<'a> Data<'a> {
    /// The ConfigMap of this name: the one in `knative-serving`, else the first by namespace, since a file may leave the
    /// namespace out.
    pub(in crate::config) fn find(snapshot: &'a Snapshot, name: &str) -> Option<Self> {
        let usual = ObjectKey::new(NAMESPACE, name);
        let mut all: Vec<(&ObjectKey, &ConfigMap)> = snapshot
            .config_maps
            .iter()
            .filter(|(key, _)| key.name == name)
            .map(|(key, object)| (key, &**object))
            .collect();
        all.sort_by_key(|(key, _)| **key != usual);
        let ((used, config_map), rest) = all.split_first()?;
        let data = config_map.data.iter().flatten().map(|(k, v)| (k.as_str(), v.as_str()));
        let passed_over = |(key, _): &(&ObjectKey, &ConfigMap)| {
            let message = format!("this ConfigMap is passed over: `{used}` is used");
            Diagnostic::new(
                &CONFIG_MAP_TWICE,
                key.to_ref("", "ConfigMap"),
                FieldPath::of("metadata.namespace"),
                message,
            )
            .help("keep one of the two")
        };
        Some(Data {
            object: used.to_ref("", "ConfigMap"),
            values: data.filter(|(key, _)| *key != EXAMPLE).collect(),
            diagnostics: rest.iter().map(passed_over).collect(),
        })
    }

    /// Keys and values, without the example.
    pub(super) fn entries(&self) -> Vec<(&'a str, &'a str)> {
        self.values.iter().map(|(k, v)| (*k, *v)).collect()
    }

    /// The value of a key or, if that isn't there, of its legacy spelling.
    pub(in crate::config) fn text(&self, keys: &[&'static str]) -> Option<(&'static str, &'a str)> {
        keys.iter().find_map(|key| Some((*key, *self.values.get(key)?)))
    }

    /// Puts the parsed value of a key (or of the next spelling of it) into `target`; a bad one leaves the default there.
    pub(in crate::config) fn read<T>(
        &mut self,
        keys: &[&'static str],
        target: &mut T,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) {
        self.read_as(&CONFIG_VALUE, keys, target, parse);
    }

    /// The same, with the code that a bad value has.
    pub(super) fn read_as<T>(
        &mut self,
        code: &'static Code,
        keys: &[&'static str],
        target: &mut T,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) {
        let Some((key, text)) = self.text(keys) else { return };
        match parse(text) {
            Ok(value) => *target = value,
            Err(error) => drop(self.complain(code, key, format!("{error}; the default holds"))),
        }
    }

    /// Says something about `data["key"]`.
    pub(in crate::config) fn complain(
        &mut self,
        code: &'static Code,
        key: &str,
        message: String,
    ) -> Complaint<'_> {
        let path = FieldPath::of("data").key(key);
        self.diagnostics.push(Diagnostic::new(code, self.object.clone(), path, message));
        Complaint(self.diagnostics.last_mut().expect("one was just pushed"))
    }

    /// Names the keys that are none of `known`, but look much like one.
    pub(super) fn complain_of_typos(&mut self, known: &[&str]) {
        for (key, _) in self.entries() {
            if known.contains(&key) {
                continue;
            }
            if let Some(meant) = nearest(key, known.iter().copied()) {
                let message = format!("`{key}` is read by nobody; `{meant}` is");
                self.complain(&CONFIG_KEY, key, message).help(format!("write `{meant}`"));
            }
        }
    }
}

/// `true` or `false`, in the spellings of Go's `strconv.ParseBool`.
pub(in crate::config) fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(format!("`{text}` is neither `true` nor `false`")),
    }
}

/// `enabled` or `disabled`, in any case of letters.
pub(super) fn switch(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "enabled" => Ok(true),
        "disabled" | "" => Ok(false),
        _ => Err(format!("`{text}` is neither `Enabled` nor `Disabled`")),
    }
}
