use super::{Fields, Json, Node, Reader};
use crate::annotation::{
    Action, FixedResponse, ForwardConfig, InsertHeader, KeyConfig, Redirect, Rewrite, ServerGroup,
    StickySession, TrafficLimit, TrafficMirror,
};
use crate::config::Target;
use net_alb_diag::FieldPath;
use net_alb_diag::codes::build;

const FIELDS: &[&str] = &[
    "type",
    "order",
    "forwardConfig",
    "FixedResponseConfig",
    "RedirectConfig",
    "InsertHeaderConfig",
    "RemoveHeaderConfig",
    "RewriteConfig",
    "TrafficMirrorConfig",
    "TrafficLimitConfig",
    "CorsConfig",
];

/// Each type and the field that it needs.
const TYPES: &[(&str, &str)] = &[
    ("ForwardGroup", "forwardConfig"),
    ("FixedResponse", "FixedResponseConfig"),
    ("Redirect", "RedirectConfig"),
    ("InsertHeader", "InsertHeaderConfig"),
    ("RemoveHeader", "RemoveHeaderConfig"),
    ("Rewrite", "RewriteConfig"),
    ("TrafficMirror", "TrafficMirrorConfig"),
    ("TrafficLimit", "TrafficLimitConfig"),
];

/// An array of actions, or the article's single one.
pub(super) fn read(reader: &mut Reader<'_>, json: &Json) -> Vec<Action> {
    let root = Node { json, at: FieldPath::root() };
    match json {
        Json::Null => Vec::new(),
        Json::Object(_) => {
            reader.article.push("one object instead of an array");
            action(reader, &root).into_iter().collect()
        }
        _ => {
            let elements = reader.array(&root).unwrap_or_default();
            elements.iter().filter_map(|node| action(reader, node)).collect()
        }
    }
}

fn action(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<Action> {
    let fields = reader.object(node, FIELDS)?;
    let kind = reader.required_text(&fields, "type")?;
    let article = kind.eq_ignore_ascii_case("forward");
    if article {
        reader.article.push("type `forward` instead of `ForwardGroup`");
    }
    let known = |name: &str| name.eq_ignore_ascii_case(&kind) || (article && name == "ForwardGroup");
    let Some((name, config)) = TYPES.iter().find(|(name, _)| known(name)) else {
        unknown(reader, &fields, &kind);
        return None;
    };
    let config = reader.config(&fields, name, config)?;
    match *name {
        "ForwardGroup" => forward(reader, &config),
        "FixedResponse" => fixed_response(reader, &config),
        "Redirect" => redirect(reader, &config),
        "InsertHeader" => insert_header(reader, &config),
        "RemoveHeader" => remove_header(reader, &config),
        "Rewrite" => rewrite(reader, &config),
        "TrafficMirror" => traffic_mirror(reader, &config),
        _ => traffic_limit(reader, &config),
    }
}

fn unknown(reader: &mut Reader<'_>, fields: &Fields<'_>, kind: &str) {
    let help = if kind.eq_ignore_ascii_case("cors") {
        "use the annotation `enable-cors`".to_owned()
    } else {
        super::did_you_mean(kind, TYPES.iter().map(|(name, _)| *name))
    };
    let message = format!("`{}` is no action: `{kind}`", fields.at.key("type"));
    reader.say(&build::UNKNOWN_ACTION, message, &help);
}

fn forward(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<Action> {
    let fields = reader.object(node, &["serverGroups", "targetGroups", "ServerGroupStickySession"])?;
    let list = match (fields.get("serverGroups"), fields.get("targetGroups")) {
        (Some(list), _) => Some(list),
        (None, Some(list)) => {
            reader.article.push("`targetGroups` instead of `serverGroups`");
            Some(list)
        }
        (None, None) => None,
    };
    let nodes = list.map_or(Some(Vec::new()), |list| reader.array(list))?;
    let read: Vec<_> = nodes.iter().map(|node| server_group(reader, node)).collect();
    let server_groups: Vec<_> = read.into_iter().collect::<Option<_>>()?;
    let several_without_weight = server_groups.len() > 1 && server_groups.iter().any(|g| g.weight.is_none());
    if several_without_weight {
        let (index, _) = server_groups.iter().enumerate().find(|(_, group)| group.weight.is_none())?;
        reader.missing(&nodes[index].at, "weight");
        return None;
    }
    let sticky = fields.get("ServerGroupStickySession").map(|node| sticky_session(reader, node));
    let server_group_sticky_session = match sticky {
        Some(None) => return None,
        Some(Some(session)) => Some(session),
        None => None,
    };
    Some(Action::ForwardGroup { config: ForwardConfig { server_groups, server_group_sticky_session } })
}

fn server_group(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<ServerGroup> {
    let fields = reader.object(node, &["serverGroupID", "serviceName", "servicePort", "weight"])?;
    let server_group_id = reader.text(&fields, "serverGroupID")?;
    let service_name = reader.text(&fields, "serviceName")?;
    let service_port = reader.integer(&fields, "servicePort", (1, 65535))?;
    let weight = reader.integer(&fields, "weight", (0, 10_000))?;
    if server_group_id.is_empty() && service_name.is_empty() {
        reader.missing(&fields.at, "serviceName");
        return None;
    }
    if server_group_id.is_empty() && service_port.is_none() {
        reader.missing(&fields.at, "servicePort");
        return None;
    }
    Some(ServerGroup {
        service_name,
        service_port: service_port.and_then(|port| u16::try_from(port).ok()),
        server_group_id,
        weight: weight.and_then(|weight| u32::try_from(weight).ok()),
    })
}

fn sticky_session(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<StickySession> {
    let fields = reader.object(node, &["Enabled", "Timeout"])?;
    let enabled = reader.flag(&fields, "Enabled")?;
    let timeout = reader.integer(&fields, "Timeout", (1, 86400))?;
    Some(StickySession { enabled, timeout: timeout.and_then(|seconds| u32::try_from(seconds).ok()) })
}

fn fixed_response(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<Action> {
    let fields = reader.object(node, &["contentType", "httpCode", "content"])?;
    let content_type = reader.text(&fields, "contentType")?;
    let content = reader.text(&fields, "content")?;
    let http_code = reader.required_text(&fields, "httpCode")?;
    Some(Action::FixedResponse { config: FixedResponse { content_type, http_code, content } })
}

fn redirect(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<Action> {
    let fields = reader.object(node, &["protocol", "host", "port", "path", "query", "httpCode"])?;
    let mut left_out = Vec::new();
    let mut or = |reader: &mut Reader<'_>, key, default: &str| {
        if fields.get(key).is_none() {
            left_out.push(key);
            return Some(default.to_owned());
        }
        reader.text(&fields, key)
    };
    let config = Redirect {
        protocol: or(reader, "protocol", "${protocol}")?,
        host: or(reader, "host", "${host}")?,
        port: or(reader, "port", "${port}")?,
        path: or(reader, "path", "${path}")?,
        query: or(reader, "query", "${query}")?,
        http_code: or(reader, "httpCode", "301")?,
    };
    if !left_out.is_empty() && reader.source.settings.target == Target::Alb {
        let message = format!("`{}` leaves out `{}`", fields.at, left_out.join("`, `"));
        reader.say(&build::REDIRECT_FIELD_LEFT_OUT, message, "write all six fields");
    }
    Some(Action::Redirect { config })
}

fn insert_header(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<Action> {
    let fields = reader.object(node, &["key", "value", "valueType", "coverEnabled"])?;
    if reader.flag(&fields, "coverEnabled") == Some(false) && fields.get("coverEnabled").is_some() {
        let message = format!(
            "`{}` has no effect: an existing header is always replaced",
            fields.at.key("coverEnabled")
        );
        reader.say(&build::UNKNOWN_JSON_KEY, message, "take it out");
    }
    let key = reader.required_text(&fields, "key")?;
    let value = reader.text(&fields, "value")?;
    let value_type = match reader.text(&fields, "valueType")? {
        text if text.is_empty() => "UserDefined".to_owned(),
        text => text,
    };
    Some(Action::InsertHeader { config: InsertHeader { key, value, value_type } })
}

fn remove_header(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<Action> {
    let fields = reader.object(node, &["key"])?;
    let key = reader.required_text(&fields, "key")?;
    Some(Action::RemoveHeader { config: KeyConfig { key } })
}

fn rewrite(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<Action> {
    let fields = reader.object(node, &["Host", "Path", "Query"])?;
    let mut or = |key, default: &str| match fields.get(key) {
        Some(node) => reader.string(node),
        None => Some(default.to_owned()),
    };
    let config = Rewrite {
        host: or("Host", "${host}")?,
        path: or("Path", "${path}")?,
        query: or("Query", "${query}")?,
    };
    Some(Action::Rewrite { config })
}

fn traffic_mirror(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<Action> {
    let fields = reader.object(node, &["TargetType", "MirrorGroupConfig"])?;
    let Some(mirror) = fields.get("MirrorGroupConfig") else {
        reader.missing(&fields.at, "MirrorGroupConfig");
        return None;
    };
    let fields = reader.object(mirror, &["ServerGroupTuples"])?;
    let Some(list) = fields.get("ServerGroupTuples") else {
        reader.missing(&fields.at, "ServerGroupTuples");
        return None;
    };
    let nodes = reader.array(list)?;
    let ids: Vec<_> = nodes.iter().map(|node| mirror_id(reader, node)).collect();
    let server_group_ids = ids.into_iter().collect::<Option<_>>()?;
    Some(Action::TrafficMirror { config: TrafficMirror { server_group_ids } })
}

/// Only ids are honoured by Alibaba's controller, although there are fields for a Service.
fn mirror_id(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<String> {
    let fields = reader.object(node, &["serverGroupID", "serviceName", "servicePort", "weight"])?;
    reader.required_text(&fields, "serverGroupID")
}

fn traffic_limit(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<Action> {
    let fields = reader.object(node, &["QPS", "QPSPerIp"])?;
    let qps = reader.text(&fields, "QPS")?;
    let qps_per_ip = reader.text(&fields, "QPSPerIp")?;
    if qps.is_empty() && qps_per_ip.is_empty() {
        reader.missing(&fields.at, "QPS");
        return None;
    }
    Some(Action::TrafficLimit { config: TrafficLimit { qps, qps_per_ip } })
}
