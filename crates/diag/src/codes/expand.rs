//! NA10xx, stage 0: Knative's ConfigMaps, and Knative Service to KIngress.

use crate::{Code, Severity};

/// All of this stage, by id.
pub(super) const ALL: &[&Code] = &[
    &SERVICE_NAME,
    &REVISION_NAME,
    &TRAFFIC_SUM,
    &TRAFFIC_PERCENT,
    &TAG_TWICE,
    &TAG_NAME,
    &LATEST_OR_NAMED,
    &TRAFFIC_FIELD,
    &FOREIGN_REVISION,
    &HTTP_OPTION,
    &UNKNOWN_VISIBILITY,
    &HOST_INVALID,
    &CONTAINER_PORTS,
    &MISPLACED_ANNOTATION,
    &ROLLOUT_DURATION,
    &ROLLOUT_END,
    &LATEST_ASSUMED,
    &NO_PUBLIC_DOMAIN,
    &NO_CERTIFICATES,
    &CONFIG_VALUE,
    &CONFIG_KEY,
    &CONFIG_MAP_TWICE,
    &CONFIG_TEMPLATE,
];

/// `metadata.name` is no DNS label.
pub static SERVICE_NAME: Code = Code {
    id: "NA1001",
    reason: "ServiceNameInvalid",
    severity: Severity::Error,
    title: "a Knative Service's name is no DNS label",
    explanation: "The name becomes part of a host, so Knative takes a DNS-1035 label only: at most 63 characters, lower \
        case letters, digits and `-`, a letter first and no `-` last (pkg `apis/metadata_validation.go`).",
    example: "kind: Service\nmetadata: {name: Hello_World}\n",
    fix: "rename the Service, for example to `hello-world`",
};

/// `spec.template.metadata.name` can't be a revision's name.
pub static REVISION_NAME: Code = Code {
    id: "NA1002",
    reason: "RevisionNameInvalid",
    severity: Severity::Error,
    title: "the template's name can't be a revision's name",
    explanation: "A revision that the user names must be a DNS-1035 label that begins with the Service's name and `-` \
        (serving `pkg/apis/serving/v1/revision_validation.go`).",
    example: "metadata: {name: hello}\nspec: {template: {metadata: {name: v2}}}\n",
    fix: "put the Service's name and `-` before it, or leave `spec.template.metadata.name` out",
};

/// The percentages of `spec.traffic` don't add up to 100.
pub static TRAFFIC_SUM: Code = Code {
    id: "NA1003",
    reason: "TrafficSumInvalid",
    severity: Severity::Error,
    title: "the percentages of `spec.traffic` don't add up to 100",
    explanation: "Every request goes somewhere, so the targets' shares are whole percentages that add up to 100. A target \
        without `percent` has 0 (serving `pkg/apis/serving/v1/route_validation.go`).",
    example: "spec:\n  traffic:\n    - {revisionName: hello-00001, percent: 60}\n    - {latestRevision: true, percent: 50}\n",
    fix: "raise or lower one target's `percent`",
};

/// A percentage below 0 or above 100.
pub static TRAFFIC_PERCENT: Code = Code {
    id: "NA1004",
    reason: "TrafficPercentInvalid",
    severity: Severity::Error,
    title: "a traffic percentage is below 0 or above 100",
    explanation: "`percent` is a share of the requests (serving `pkg/apis/serving/v1/route_validation.go`).",
    example: "spec: {traffic: [{latestRevision: true, percent: 110}]}\n",
    fix: "give a whole number from 0 to 100",
};

/// Two targets have the same tag.
pub static TAG_TWICE: Code = Code {
    id: "NA1005",
    reason: "TagTwice",
    severity: Severity::Error,
    title: "two traffic targets have the same tag",
    explanation: "A tag has a host of its own, and one target behind it (serving \
        `pkg/apis/serving/v1/route_validation.go`).",
    example: "spec:\n  traffic:\n    - {revisionName: hello-00001, percent: 50, tag: a}\n    - {latestRevision: true, percent: 50, tag: a}\n",
    fix: "give one of them another tag",
};

/// A tag is no DNS label.
pub static TAG_NAME: Code = Code {
    id: "NA1006",
    reason: "TagInvalid",
    severity: Severity::Error,
    title: "a tag is no DNS label",
    explanation: "A tag becomes part of a host, so Knative takes a DNS-1035 label only: at most 63 characters, lower case \
        letters, digits and `-`, a letter first and no `-` last (serving `pkg/apis/serving/v1/route_validation.go`).",
    example: "spec: {traffic: [{latestRevision: true, percent: 100, tag: V1.2}]}\n",
    fix: "rename the tag, for example to `v1-2`",
};

/// `latestRevision` and `revisionName` contradict each other.
pub static LATEST_OR_NAMED: Code = Code {
    id: "NA1007",
    reason: "LatestRevisionContradicted",
    severity: Severity::Error,
    title: "`latestRevision` and `revisionName` contradict each other",
    explanation: "A target is either pinned to a revision by name or follows the latest one; `latestRevision` may only \
        repeat which (serving `pkg/apis/serving/v1/route_validation.go`).",
    example: "spec: {traffic: [{latestRevision: true, revisionName: hello-00001, percent: 100}]}\n",
    fix: "keep one of the two fields",
};

/// A field that Knative doesn't take in a Service's traffic.
pub static TRAFFIC_FIELD: Code = Code {
    id: "NA1008",
    reason: "TrafficFieldDisallowed",
    severity: Severity::Error,
    title: "a field that a Service's traffic can't have",
    explanation: "`configurationName` is for a Route that stands alone, since a Service has its own Configuration; `url` is \
        for a status (serving `pkg/apis/serving/v1/route_validation.go`).",
    example: "spec: {traffic: [{configurationName: hello, percent: 100}]}\n",
    fix: "delete the field; `latestRevision: true` means the Service's own Configuration",
};

/// A target names a revision that this Service can't have.
pub static FOREIGN_REVISION: Code = Code {
    id: "NA1009",
    reason: "RevisionForeign",
    severity: Severity::Error,
    title: "a traffic target names a revision that this Service can't have",
    explanation: "A Service routes to revisions of its own only, and their names begin with the Service's name and `-`. \
        Knative would take the Service, but its Route would never become ready (serving \
        `pkg/reconciler/route/traffic/traffic.go`, `pkg/apis/serving/v1/revision_validation.go`).",
    example: "metadata: {name: hello}\nspec: {traffic: [{revisionName: helo-00001, percent: 100}]}\n",
    fix: "mend the name; `kubectl get revisions` lists those that exist",
};

/// The annotation for plain HTTP has an unknown value.
pub static HTTP_OPTION: Code = Code {
    id: "NA1010",
    reason: "HttpOptionInvalid",
    severity: Severity::Error,
    title: "the annotation for plain HTTP is neither `enabled` nor `redirected`",
    explanation: "`networking.knative.dev/httpOption` (or `…/http-protocol`) says what the plain HTTP port does. Knative \
        takes the Service with another value, but makes no KIngress for it (serving `pkg/networking/util.go`).",
    example: "metadata:\n  annotations: {networking.knative.dev/httpOption: \"off\"}\n",
    fix: "write `Enabled` or `Redirected`, in any case of letters",
};

/// The visibility label has a value that means nothing.
pub static UNKNOWN_VISIBILITY: Code = Code {
    id: "NA1011",
    reason: "VisibilityUnknown",
    severity: Severity::Warning,
    title: "the visibility label isn't `cluster-local`, so the Service is public",
    explanation: "Knative compares the label `networking.knative.dev/visibility` with `cluster-local`; any other value is as \
        good as none, and no webhook refuses it (serving `pkg/reconciler/route/config/domain.go`).",
    example: "metadata:\n  labels: {networking.knative.dev/visibility: private}\n",
    fix: "write `cluster-local` to keep the Service inside the cluster, or delete the label",
};

/// The domain and tag templates yield no valid host.
pub static HOST_INVALID: Code = Code {
    id: "NA1012",
    reason: "HostInvalid",
    severity: Severity::Error,
    title: "the host that the templates yield is no domain name",
    explanation: "Each label of a host has at most 63 characters: lower case letters, digits and `-`, with a letter or digit \
        at both ends. A tag and a name together can be too long, and `domain-template` can leave a label empty. Knative \
        takes such a Service, but makes no KIngress for it (serving `pkg/reconciler/route/domains/domains.go`).",
    example: "metadata: {name: a-name-of-sixty-characters-leaves-only-three-for-a-tag-and-a}\nspec: {traffic: [{tag: canary, latestRevision: true, percent: 100}]}\n",
    fix: "shorten the tag or the name, or change `tag-template` or `domain-template` in config-network",
};

/// The containers' ports don't say where requests go.
pub static CONTAINER_PORTS: Code = Code {
    id: "NA1013",
    reason: "ContainerPortsInvalid",
    severity: Severity::Error,
    title: "the containers' ports don't say where requests go",
    explanation: "A revision has exactly one port that requests go to: the only container's (8080 unless it names another), \
        or that of the only one among several that names a port. The port's name picks the protocol: none or `http1` is \
        HTTP/1.1, `h2c` is HTTP/2 without TLS; Knative's own sidecar listens on 8008, 8012, 8013, 8022, 9090 and 9091 \
        (serving `pkg/apis/serving/k8s_validation.go`).",
    example: "spec:\n  template:\n    spec:\n      containers:\n        - image: hello\n          ports: [{name: grpc, containerPort: 8080}]\n",
    fix: "name one port on one container, with no name, `http1` or `h2c`",
};

/// An annotation where Knative refuses it.
pub static MISPLACED_ANNOTATION: Code = Code {
    id: "NA1014",
    reason: "AnnotationMisplaced",
    severity: Severity::Error,
    title: "an annotation where Knative refuses it",
    explanation: "`autoscaling.knative.dev/…` belongs to `spec.template.metadata.annotations`, since each revision scales for \
        itself. There, of `networking.knative.dev/…` only the known keys are taken (serving \
        `pkg/apis/serving/metadata_validation.go`; networking `pkg/apis/networking/metadata_validation.go`).",
    example: "metadata:\n  annotations: {autoscaling.knative.dev/min-scale: \"1\"}\n",
    fix: "move the annotation to where it is read",
};

/// The annotation for the rollout's duration can't be read.
pub static ROLLOUT_DURATION: Code = Code {
    id: "NA1015",
    reason: "RolloutDurationInvalid",
    severity: Severity::Error,
    title: "the rollout duration is no duration in whole seconds",
    explanation: "`serving.knative.dev/rollout-duration` is a Go duration such as `380s` or `1h30m`, not negative and in whole \
        seconds (serving `pkg/apis/serving/metadata_validation.go`).",
    example: "metadata:\n  annotations: {serving.knative.dev/rollout-duration: \"380\"}\n",
    fix: "write a number and a unit, for example `380s`",
};

/// Without a cluster, the end of a gradual rollout is shown.
pub static ROLLOUT_END: Code = Code {
    id: "NA1016",
    reason: "RolloutEndShown",
    severity: Severity::Note,
    title: "the end of a gradual rollout is shown",
    explanation: "With a rollout duration Knative moves the share of `latestRevision` to a new revision step by step (serving \
        `pkg/reconciler/route/traffic/rollout.go`). Where it stands depends on the time and on what was before; from files \
        alone the answer is how it ends.",
    example: "metadata:\n  annotations: {serving.knative.dev/rollout-duration: 380s}\n",
    fix: "nothing, if the end is what you want to see; otherwise write both revisions with their shares",
};

/// The name of the latest revision is an assumption.
pub static LATEST_ASSUMED: Code = Code {
    id: "NA1017",
    reason: "LatestRevisionAssumed",
    severity: Severity::Note,
    title: "the latest revision's name is an assumption",
    explanation: "Without a cluster, the latest revision is the status' `latestReadyRevisionName`, or the template's own name, \
        or one after the newest revision that the traffic names; Knative numbers them by the Configuration's generation \
        (serving `pkg/reconciler/configuration/resources/revision.go`).",
    example: "spec:\n  traffic:\n    - {latestRevision: true, percent: 10}\n    - {revisionName: hello-00001, percent: 90}\n",
    fix: "nothing, if that is its name; otherwise name the revision in `spec.template.metadata.name`",
};

/// No domain of config-domain is for this Service.
pub static NO_PUBLIC_DOMAIN: Code = Code {
    id: "NA1018",
    reason: "NoPublicDomain",
    severity: Severity::Note,
    title: "no domain is for this Service, so it is cluster-local",
    explanation: "config-domain gives a Service the domain whose selector matches its labels best. If none matches and none is \
        without a selector, the domain is svc.cluster.local and the Service has no public host (serving \
        `pkg/reconciler/route/config/domain.go`).",
    example: "kind: ConfigMap\nmetadata: {name: config-domain}\ndata:\n  example.com: |\n    selector: {app: shop}\n",
    fix: "add a domain with an empty value to config-domain, or label the Service as a selector asks",
};

/// TLS needs certificates that only a cluster issues.
pub static NO_CERTIFICATES: Code = Code {
    id: "NA1019",
    reason: "CertificatesNeedCluster",
    severity: Severity::Warning,
    title: "certificates are issued in a cluster only, so there is no TLS here",
    explanation: "With `external-domain-tls` or `cluster-local-domain-tls`, Knative has a Certificate issued for each host and \
        lists its Secret in the KIngress once it is ready (serving `pkg/reconciler/route/route.go`). From files alone there \
        is no such Secret.",
    example: "kind: ConfigMap\nmetadata: {name: config-network}\ndata: {external-domain-tls: Enabled}\n",
    fix: "nothing, to try the routes over plain HTTP; write a KIngress with `spec.tls` and its Secret to try TLS",
};

/// A value in one of Knative's ConfigMaps can't be read.
pub static CONFIG_VALUE: Code = Code {
    id: "NA1051",
    reason: "ConfigValueInvalid",
    severity: Severity::Error,
    title: "a value in one of Knative's ConfigMaps can't be read",
    explanation: "The default is used in its place; of config-domain, the domain is left out. Knative's webhook refuses most \
        such ConfigMaps, and passes over an unknown word for a feature (networking `pkg/config/config.go`; serving \
        `pkg/apis/config/features.go`, `pkg/reconciler/route/config/domain.go`).",
    example: "kind: ConfigMap\nmetadata: {name: config-network}\ndata: {http-protocol: \"on\"}\n",
    fix: "write one of the values that the message lists",
};

/// A key in one of Knative's ConfigMaps looks mistyped.
pub static CONFIG_KEY: Code = Code {
    id: "NA1052",
    reason: "ConfigKeyUnknown",
    severity: Severity::Warning,
    title: "a key in one of Knative's ConfigMaps is read by nobody",
    explanation: "Other networking layers keep keys of their own in config-network, so an unknown key is passed over, unless it \
        looks much like a known one or belongs elsewhere.",
    example: "kind: ConfigMap\nmetadata: {name: config-network}\ndata: {domain-tempalte: '{{.Name}}.{{.Domain}}'}\n",
    fix: "mend the key",
};

/// Two ConfigMaps of one name.
pub static CONFIG_MAP_TWICE: Code = Code {
    id: "NA1053",
    reason: "ConfigMapTwice",
    severity: Severity::Warning,
    title: "a ConfigMap of Knative's is there twice; one is used",
    explanation: "Knative reads its ConfigMaps in one namespace, usually `knative-serving`. In files the namespace may be left \
        out; of several, the one in `knative-serving` is used, or else the first by namespace.",
    example: "kind: ConfigMap\nmetadata: {name: config-network, namespace: a}\n---\nkind: ConfigMap\nmetadata: {name: config-network, namespace: b}\n",
    fix: "delete all but one",
};

/// A template for hosts can't be used.
pub static CONFIG_TEMPLATE: Code = Code {
    id: "NA1054",
    reason: "ConfigTemplateInvalid",
    severity: Severity::Error,
    title: "a template for hosts can't be used",
    explanation: "`domain-template` and `tag-template` are Go templates. Of the language all works but `define`, `block` and \
        `template`. The first has `.Name`, `.Namespace`, `.Domain`, `.Annotations` and `.Labels`, the second `.Name` and \
        `.Tag`; an annotation or label that may be absent is read by `index`. As in Knative, a template that yields no host \
        for a Service `foo` in `bar` without annotations and labels is refused (networking `pkg/config/config.go`). The \
        default is used in its place.",
    example: "kind: ConfigMap\nmetadata: {name: config-network}\ndata: {domain-template: '{{.Service}}.{{.Domain}}'}\n",
    fix: "mend the template; `{{.Name}}.{{.Namespace}}.{{.Domain}}` is the default",
};
