use super::{On, Status, ValueType};
use crate::annotation::knative;

const ARTICLE: &str = "Alibaba Cloud, Integrate Knative with ALB: gray release by header and cookie";

super::annotations! {
    KNATIVE_INGRESS_CLASS {
        doc: "The networking layer that serves a Service or KIngress; net-alb answers to `alb.ingress.networking.knative.dev`",
        key: knative::INGRESS_CLASS,
        on: &[On::KService, On::KIngress],
        value: ValueType::Text("a class"),
        default: "",
        example: "alb.ingress.networking.knative.dev",
        source: "knative.dev/networking, `pkg/apis/networking/register.go`",
        status: Status::Implemented,
    }
    GRAY_HEADERS {
        doc: "Sends requests that have all of these headers to a revision or tag",
        key: knative::GRAY_HEADERS,
        on: &[On::KService, On::KIngress],
        value: ValueType::Json("an array of `{\"revision\": …, \"headers\": {…}}`; YAML and the article's text without quotes too"),
        default: "",
        example: "[{\"revision\": \"helloworld-go-00002\", \"headers\": {\"demo\": \"test\"}}]",
        source: ARTICLE,
        status: Status::Implemented,
    }
    GRAY_COOKIES {
        doc: "Sends requests that have all of these cookies to a revision or tag",
        key: knative::GRAY_COOKIES,
        on: &[On::KService, On::KIngress],
        value: ValueType::Json("an array of `{\"revision\": …, \"cookies\": {…}}`; YAML and the article's text without quotes too"),
        default: "",
        example: "[{\"revision\": \"helloworld-go-00002\", \"cookies\": {\"demo\": \"always\"}}]",
        source: ARTICLE,
        status: Status::Implemented,
    }
}
