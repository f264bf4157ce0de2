use net_alb_api::annotation::knative;
use net_alb_api::annotation::registry::{Annotation, ValueType};
use net_alb_api::config::Settings;
use net_alb_api::{Ingress, ObjectKey, ObjectMeta};
use net_alb_diag::codes::build;
use net_alb_diag::{Code, Diagnostic, FieldPath, ObjectRef, Severity};
use std::collections::BTreeMap;

static NONE: BTreeMap<String, String> = BTreeMap::new();

/// An object that is being read: its annotations, and what there is to say about it.
pub(crate) struct Site<'a> {
    pub(crate) object: ObjectRef,
    pub(crate) annotations: &'a BTreeMap<String, String>,
    pub(crate) settings: &'a Settings,
    pub(crate) diagnostics: Vec<Diagnostic>,
    errors: usize,
    /// Whether it was made of a KIngress: stage 1 has said then what is beyond ALB, at the place where a person wrote it.
    pub(crate) is_made: bool,
}

impl<'a> Site<'a> {
    pub(crate) fn new(object: ObjectRef, metadata: &'a ObjectMeta, settings: &'a Settings) -> Self {
        let annotations = metadata.annotations.as_ref().unwrap_or(&NONE);
        let is_made =
            metadata.labels.as_ref().is_some_and(|labels| labels.contains_key(knative::INGRESS_LABEL));
        Site { object, annotations, settings, diagnostics: Vec::new(), errors: 0, is_made }
    }

    pub(crate) fn ingress(ingress: &'a Ingress, settings: &'a Settings) -> Self {
        let object = ObjectKey::of(&ingress.metadata).to_ref("networking.k8s.io", "Ingress");
        Site::new(object, &ingress.metadata, settings)
    }

    /// A diagnostic about a field of this object.
    pub(crate) fn at(&self, code: &'static Code, path: FieldPath, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(code, self.object.clone(), path, message)
    }

    /// A diagnostic about something that only the real ALB refuses.
    pub(crate) fn limit(
        &self,
        code: &'static Code,
        path: FieldPath,
        message: impl Into<String>,
    ) -> Diagnostic {
        self.at(code, path, message).severity(self.settings.target.alb_limit())
    }

    pub(crate) fn say(&mut self, diagnostic: Diagnostic) {
        let lowered = diagnostic.severity == Severity::Warning && diagnostic.code.severity == Severity::Error;
        if self.is_made && lowered {
            return;
        }
        self.errors += usize::from(diagnostic.severity == Severity::Error);
        self.diagnostics.push(diagnostic);
    }

    pub(crate) fn say_all(&mut self, diagnostics: Vec<Diagnostic>) {
        for diagnostic in diagnostics {
            self.say(diagnostic);
        }
    }

    /// How many errors were said so far: a part that said one is refused.
    pub(crate) fn errors(&self) -> usize {
        self.errors
    }

    /// The annotation's text, if it is there.
    pub(crate) fn text(&self, annotation: &Annotation) -> Option<&'a str> {
        self.annotations.get(annotation.key).map(String::as_str)
    }

    /// The one of the two that counts: the first, if it is there.
    pub(crate) fn either(
        &self,
        first: &'static Annotation,
        second: &'static Annotation,
    ) -> &'static Annotation {
        if self.text(first).is_some() { first } else { second }
    }

    /// `true` or `false`; anything else is an error and `None`, which means what the caller says.
    pub(crate) fn flag_or_error(&mut self, annotation: &Annotation) -> Option<bool> {
        match self.text(annotation).unwrap_or(annotation.default) {
            "true" => Some(true),
            "false" => Some(false),
            text => {
                self.bad(annotation, text);
                None
            }
        }
    }

    /// `true` or `false`, by default what the registry says.
    pub(crate) fn flag(&mut self, annotation: &Annotation) -> bool {
        self.flag_or_error(annotation).unwrap_or(annotation.default == "true")
    }

    /// A whole number within the registry's bounds; without the annotation, or with a bad one, its default if it has one.
    pub(crate) fn number(&mut self, annotation: &Annotation) -> Option<i64> {
        let ValueType::Integer(min, max) = annotation.value else { return None };
        let text = self.text(annotation).filter(|text| !text.is_empty());
        // Go takes no space and no fraction, and neither do we; Rust's parser agrees with Go's on both.
        let number = text.map(|text| text.parse().ok().filter(|number: &i64| (min..=max).contains(number)));
        if let (Some(text), Some(None)) = (text, number) {
            self.bad(annotation, text);
        }
        number.flatten().or_else(|| annotation.default.parse().ok())
    }

    /// A number as [`Site::number`] reads it, in the type that its bounds fit into.
    pub(crate) fn count<T: TryFrom<i64>>(&mut self, annotation: &Annotation) -> Option<T> {
        T::try_from(self.number(annotation)?).ok()
    }

    /// One of the registry's words; without the annotation, or with a bad one, its default.
    pub(crate) fn word(&mut self, annotation: &'static Annotation) -> &'static str {
        let ValueType::OneOf(words) = annotation.value else { return annotation.default };
        let Some(text) = self.text(annotation) else { return annotation.default };
        let known = words.iter().find(|word| **word == text);
        if known.is_none() {
            self.bad(annotation, text);
        }
        known.copied().unwrap_or(annotation.default)
    }

    /// The words of a list, by default the registry's.
    pub(crate) fn list(&self, annotation: &Annotation) -> Vec<String> {
        let text = self.text(annotation).unwrap_or(annotation.default);
        text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }

    /// Says that a value can't be used.
    pub(crate) fn bad(&mut self, annotation: &Annotation, text: &str) {
        let message = format!("`{}` must be {}, but is `{text}`", annotation.key, annotation.value);
        let diagnostic =
            self.at(&build::BAD_ANNOTATION_VALUE, FieldPath::annotation(annotation.key), message);
        self.say(diagnostic);
    }
}
