//! NA00xx, reading files and the command line.

use crate::{Code, Severity};

/// All of this stage, by id.
pub(super) const ALL: &[&Code] = &[
    &BROKEN_YAML,
    &DUPLICATE_KEY,
    &YAML_TOO_LARGE,
    &NOT_TEXT,
    &NOT_AN_OBJECT,
    &UNKNOWN_KIND,
    &UNUSED_KIND,
    &BAD_NAME,
    &DUPLICATE_OBJECT,
    &UNKNOWN_FIELD,
    &WRONG_VALUE,
    &ANNOTATION_NOT_STRING,
    &NOTHING_TO_READ,
    &UNKNOWN_BACKEND,
    &MADE_AND_GIVEN,
    &OTHER_CLASS,
    &LISTENER_NOT_SERVED,
];

/// A document that is no YAML.
pub static BROKEN_YAML: Code = Code {
    id: "NA0001",
    reason: "BrokenYaml",
    severity: Severity::Error,
    title: "a document is no valid YAML",
    explanation: "The text between two `---` lines can't be parsed. The other documents of the file are still read.",
    example: "apiVersion: v1\nkind: [Service\n",
    fix: "mend the syntax at the place shown; a YAML-aware editor shows it as you type",
};

/// A key twice in one map.
pub static DUPLICATE_KEY: Code = Code {
    id: "NA0002",
    reason: "DuplicateKey",
    severity: Severity::Error,
    title: "a map has the same key twice",
    explanation: "YAML forbids it, and `kubectl apply` refuses the object: one of the two values would be lost in \
                  silence. The object is left out.",
    example: "metadata:\n  name: hello\n  name: goodbye\n",
    fix: "keep one of the two entries, or merge them",
};

/// More than a file of Kubernetes objects can sensibly be.
pub static YAML_TOO_LARGE: Code = Code {
    id: "NA0003",
    reason: "YamlTooLarge",
    severity: Severity::Error,
    title: "a file, its nesting or its aliases are too large",
    explanation: "A few lines of YAML can stand for billions of values through aliases of aliases, and deep nesting can \
                  exhaust the stack. net-alb reads at most 64 MiB a file, 100 levels of nesting, and aliases that stand \
                  for 100,000 values a document. Kubernetes itself stores at most 1.5 MiB an object.",
    example: "a: &a [x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b]\n",
    fix: "split the file, or write values out in place of aliases",
};

/// Bytes that are no UTF-8.
pub static NOT_TEXT: Code = Code {
    id: "NA0004",
    reason: "NotText",
    severity: Severity::Error,
    title: "a file is no UTF-8 text",
    explanation: "Kubernetes' YAML and JSON are UTF-8. Nothing of the file is read.",
    example: "a UTF-16 file saved by a Windows editor\n",
    fix: "save the file as UTF-8",
};

/// Not a map with `apiVersion` and `kind`.
pub static NOT_AN_OBJECT: Code = Code {
    id: "NA0005",
    reason: "NotAnObject",
    severity: Severity::Error,
    title: "a document is no Kubernetes object",
    explanation: "Every object is a map that begins with `apiVersion` and `kind`; without them nobody knows what it is. \
                  The document is left out.",
    example: "metadata:\n  name: hello\n",
    fix: "add `apiVersion` and `kind`, for a Knative Service `serving.knative.dev/v1` and `Service`",
};

/// Nearly a kind that net-alb reads.
pub static UNKNOWN_KIND: Code = Code {
    id: "NA0006",
    reason: "UnknownKind",
    severity: Severity::Error,
    title: "a kind or version that looks like a mistake",
    explanation: "The kind or its `apiVersion` is one that net-alb reads but for a letter or a version, so it is taken \
                  for a mistake rather than for somebody else's object. The object is left out.",
    example: "apiVersion: serving.knative.dev/v1beta1\nkind: Service\nmetadata:\n  name: hello\n",
    fix: "write the kind and version that the message names",
};

/// A kind that net-alb has no use for.
pub static UNUSED_KIND: Code = Code {
    id: "NA0007",
    reason: "UnusedKind",
    severity: Severity::Note,
    title: "a kind that net-alb doesn't read",
    explanation: "Files often hold Deployments, Namespaces and the like beside what net-alb routes to. They are passed \
                  over, and this says so.",
    example: "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: hello\n",
    fix: "nothing, unless you expected net-alb to act on the object",
};

/// No name, or none that Kubernetes takes.
pub static BAD_NAME: Code = Code {
    id: "NA0008",
    reason: "BadName",
    severity: Severity::Error,
    title: "an object's name or namespace is missing or invalid",
    explanation: "A name is made of lower-case letters, digits and `-` (in most kinds also `.`), begins and ends with a \
                  letter or digit, and has at most 253 characters, a Service's and a namespace's at most 63. Source: \
                  Kubernetes, \"Object Names and IDs\". The object is left out.",
    example: "apiVersion: v1\nkind: Service\nmetadata:\n  name: Hello_World\n",
    fix: "give the object a name that fits",
};

/// Two objects of one kind, namespace and name.
pub static DUPLICATE_OBJECT: Code = Code {
    id: "NA0009",
    reason: "DuplicateObject",
    severity: Severity::Error,
    title: "the same object is there twice",
    explanation: "Two documents have the same kind, namespace and name (an absent namespace is `default`). In a cluster \
                  the second would overwrite the first. The first one counts.",
    example: "apiVersion: v1\nkind: Service\nmetadata: {name: hello}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: hello}\n",
    fix: "rename or remove one of the two",
};

/// A field that the kind doesn't have.
pub static UNKNOWN_FIELD: Code = Code {
    id: "NA0010",
    reason: "UnknownField",
    severity: Severity::Error,
    title: "a field that the kind doesn't have",
    explanation: "An unknown field is nearly always a typing error or wrong indentation, and ignoring it would serve \
                  something else than what was meant. The API server refuses it too with `kubectl apply \
                  --validate=strict`. The object is left out. What a cluster writes (`status`, `metadata.managedFields`) \
                  is not checked.",
    example: "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: hello}\nspec:\n  trafic: []\n",
    fix: "correct the name or the indentation, or remove the field",
};

/// A value of the wrong type.
pub static WRONG_VALUE: Code = Code {
    id: "NA0011",
    reason: "WrongValue",
    severity: Severity::Error,
    title: "a value of the wrong type",
    explanation: "The field takes another type of value, and the API server would refuse the object. As `kubectl` reads \
                  YAML, a word without quotes may be a boolean (`yes`, `on`) or a number (`1.10`, `0755`). The object is \
                  left out.",
    example: "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: hello}\nspec:\n  traffic:\n  - percent: fifty\n",
    fix: "write a value of the type that the message names; put texts between quotes",
};

/// An annotation that is a list, a map, a number or a boolean.
pub static ANNOTATION_NOT_STRING: Code = Code {
    id: "NA0012",
    reason: "AnnotationNotString",
    severity: Severity::Error,
    title: "an annotation's value is no string",
    explanation: "Annotations are strings, whatever they hold. Without quotes YAML takes `[…]` for a list, `{…}` for a \
                  map, `100` for a number and `true` for a boolean, and the API server refuses the object. The object is \
                  left out.",
    example: "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata:\n  name: hello\n  annotations:\n    alicloud.serving.knative.dev/headers: [{revision:hello-00002,headers:{demo:test}}]\n",
    fix: "put the value between single quotes; the message shows the line to paste",
};

/// Nothing that could be served.
pub static NOTHING_TO_READ: Code = Code {
    id: "NA0013",
    reason: "NothingToRead",
    severity: Severity::Error,
    title: "the input holds no object that net-alb reads",
    explanation: "No file, or no document in the files, is an object that net-alb acts on, so there is nothing to \
                  convert or to serve. In a directory only `*.yaml`, `*.yml` and `*.json` are read.",
    example: "# a file with comments only\n",
    fix: "name a file that holds a Knative Service, a KIngress or an Ingress",
};

/// `--backend` for something that no rule forwards to.
pub static UNKNOWN_BACKEND: Code = Code {
    id: "NA0014",
    reason: "UnknownBackend",
    severity: Severity::Warning,
    title: "a `--backend` for a revision or Service that gets no requests",
    explanation: "`--backend NAME=HOST:PORT` sends the requests of a revision, or of a Service behind a KIngress or \
                  Ingress, to a server of yours. No rule forwards to one of this name.",
    example: "net-alb dev --backend hello-0002=127.0.0.1:3000 hello.yaml\n",
    fix: "write the name as `net-alb dev` prints it; the namespace may stand before it, as in `default/hello-00002`",
};

/// An object stands in a file and a stage would make it too.
pub static MADE_AND_GIVEN: Code = Code {
    id: "NA0015",
    reason: "MadeAndGiven",
    severity: Severity::Note,
    title: "an object is in a file and would be made as well",
    explanation: "The files hold a Knative Service and also the KIngress that Knative makes of it, or a KIngress and also \
                  the Ingress that net-alb makes of it, as an export of a whole namespace does. What stands in the file is \
                  used.",
    example: "# kubectl get ksvc,king hello -o yaml\n",
    fix: "leave one of the two out",
};

/// A KIngress of somebody else's class.
pub static OTHER_CLASS: Code = Code {
    id: "NA0016",
    reason: "OtherClass",
    severity: Severity::Note,
    title: "a KIngress is for another networking layer",
    explanation: "The annotation `networking.knative.dev/ingress.class` says who serves a KIngress. net-alb serves those \
                  of the class `alb.ingress.networking.knative.dev` and those without the annotation.",
    example: "metadata:\n  annotations:\n    networking.knative.dev/ingress.class: kourier.ingress.networking.knative.dev\n",
    fix: "nothing, or write `alb.ingress.networking.knative.dev` for net-alb to serve it",
};

/// A listener that `dev` doesn't open.
pub static LISTENER_NOT_SERVED: Code = Code {
    id: "NA0017",
    reason: "ListenerNotServed",
    severity: Severity::Warning,
    title: "a listener that `dev` doesn't open",
    explanation: "An HTTPS listener needs a certificate: a Secret of type `kubernetes.io/tls` beside the Ingress or KIngress \
                  that names it, or one that `dev --https` makes. Rules of a listener that isn't opened are read, checked and \
                  shown by `build` and `explain`.",
    example: "spec:\n  tls:\n  - {hosts: [hello.example.com], secretName: hello}\n",
    fix: "run `dev --https`, or add the Secret that `spec.tls` names",
};
