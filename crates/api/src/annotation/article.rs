//! The old form of `actions.NAME` and `conditions.NAME`, as the article shows it: one JSON object an action, an array of
//! conditions that name every `…Config` whether used or not.
//!
//! ```json
//! {"type":"ForwardGroup","forwardConfig":{"targetGroups":[{"serviceName":"a","servicePort":80,"weight":50}]}}
//! [{"Type":"Header","CookieConfig":{"Values":null},"HeaderConfig":{"Key":"Knative-Serving-Tag","Values":["rev1"]}}]
//! ```
//!
//! It is for reading and comparing: Alibaba's open controller (1.2) reads `targetGroups` as no groups at all. The
//! article also writes the type `forward` and the list `serverGroups`; its first listing is followed here.

use super::{Action, Condition, KeyValue, Redirect, ServerGroup};
use serde::Serialize;

#[derive(Serialize)]
#[serde(tag = "type", rename_all_fields = "camelCase")]
enum ArticleAction<'a> {
    ForwardGroup { forward_config: ForwardConfig<'a> },
    Redirect { redirect_config: &'a Redirect },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ForwardConfig<'a> {
    target_groups: Vec<TargetGroup<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TargetGroup<'a> {
    service_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weight: Option<u32>,
}

impl<'a> From<&'a ServerGroup> for TargetGroup<'a> {
    fn from(group: &'a ServerGroup) -> Self {
        TargetGroup {
            service_name: &group.service_name,
            service_port: group.service_port,
            weight: group.weight,
        }
    }
}

#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ArticleCondition<'a> {
    r#type: &'static str,
    cookie_config: CookieConfig<'a>,
    header_config: HeaderConfig<'a>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct CookieConfig<'a> {
    values: Option<Vec<CookieValue<'a>>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CookieValue<'a> {
    key: &'a str,
    value: &'a str,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct HeaderConfig<'a> {
    key: &'a str,
    values: Option<&'a [String]>,
}

/// `actions.NAME` of a rule that ends in `action`; `None` for anything but a forward or a redirect.
pub fn encode_action(action: &Action) -> Option<String> {
    let action = match action {
        Action::ForwardGroup { config } => ArticleAction::ForwardGroup {
            forward_config: ForwardConfig {
                target_groups: config.server_groups.iter().map(TargetGroup::from).collect(),
            },
        },
        Action::Redirect { config } => ArticleAction::Redirect { redirect_config: config },
        _ => return None,
    };
    serde_json::to_string(&action).ok()
}

/// `conditions.NAME`; header and cookie conditions only, which is all that the form knows.
pub fn encode_conditions(conditions: &[Condition]) -> String {
    let conditions: Vec<ArticleCondition<'_>> = conditions.iter().filter_map(article_condition).collect();
    serde_json::to_string(&conditions).expect("structs of strings are always JSON")
}

fn article_condition(condition: &Condition) -> Option<ArticleCondition<'_>> {
    match condition {
        Condition::Header { header_config } => Some(ArticleCondition {
            r#type: "Header",
            header_config: HeaderConfig { key: &header_config.key, values: Some(&header_config.values) },
            ..ArticleCondition::default()
        }),
        Condition::Cookie { cookie_config } => {
            let values =
                cookie_config.values.iter().map(|KeyValue { key, value }| CookieValue { key, value });
            Some(ArticleCondition {
                r#type: "Cookie",
                cookie_config: CookieConfig { values: Some(values.collect()) },
                ..ArticleCondition::default()
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ForwardConfig, KeyedValues};
    use super::*;

    fn group(name: &str) -> ServerGroup {
        let name = name.to_owned();
        ServerGroup { service_name: name, service_port: Some(80), weight: Some(50), ..ServerGroup::default() }
    }

    #[test]
    fn writes_the_articles_first_listing_to_the_letter() {
        let server_groups = vec![group("helloworld-go-00002"), group("helloworld-go-00001")];
        let config = ForwardConfig { server_groups, ..ForwardConfig::default() };
        assert_eq!(
            encode_action(&Action::ForwardGroup { config }).unwrap(),
            r#"{"type":"ForwardGroup","forwardConfig":{"targetGroups":[{"serviceName":"helloworld-go-00002","servicePort":80,"weight":50},{"serviceName":"helloworld-go-00001","servicePort":80,"weight":50}]}}"#
        );
    }

    #[test]
    fn writes_the_articles_condition_to_the_letter() {
        let header_config = KeyedValues { key: "Knative-Serving-Tag".into(), values: vec!["rev1".into()] };
        assert_eq!(
            encode_conditions(&[Condition::Header { header_config }]),
            r#"[{"Type":"Header","CookieConfig":{"Values":null},"HeaderConfig":{"Key":"Knative-Serving-Tag","Values":["rev1"]}}]"#
        );
    }
}
