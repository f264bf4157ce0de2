use super::{Fields, Json, Node, Reader};
use crate::annotation::{Condition, KeyValue, KeyValues, KeyedValues, Values};
use net_alb_diag::FieldPath;
use net_alb_diag::codes::build;

const FIELDS: &[&str] = &[
    "type",
    "hostConfig",
    "pathConfig",
    "headerConfig",
    "queryStringConfig",
    "methodConfig",
    "cookieConfig",
    "sourceIpConfig",
    "responseHeaderConfig",
    "responseStatusCodeConfig",
];

/// Each type and the field that it needs.
const TYPES: &[(&str, &str)] = &[
    ("Host", "hostConfig"),
    ("Path", "pathConfig"),
    ("Header", "headerConfig"),
    ("QueryString", "queryStringConfig"),
    ("Method", "methodConfig"),
    ("Cookie", "cookieConfig"),
    ("SourceIp", "sourceIpConfig"),
    ("ResponseHeader", "responseHeaderConfig"),
    ("ResponseStatusCode", "responseStatusCodeConfig"),
];

/// An array of conditions, or a single one.
pub(super) fn read(reader: &mut Reader<'_>, json: &Json) -> Vec<Condition> {
    let root = Node { json, at: FieldPath::root() };
    match json {
        Json::Null => Vec::new(),
        Json::Object(_) => {
            reader.article.push("one object instead of an array");
            condition(reader, &root).into_iter().collect()
        }
        _ => {
            let elements = reader.array(&root).unwrap_or_default();
            elements.iter().filter_map(|node| condition(reader, node)).collect()
        }
    }
}

fn condition(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<Condition> {
    let fields = reader.object(node, FIELDS)?;
    let kind = reader.required_text(&fields, "type")?;
    let Some((name, config)) = TYPES.iter().find(|(name, _)| name.eq_ignore_ascii_case(&kind)) else {
        let help = super::did_you_mean(&kind, TYPES.iter().map(|(name, _)| *name));
        let message = format!("`{}` is no condition: `{kind}`", fields.at.key("type"));
        reader.say(&build::UNKNOWN_CONDITION, message, &help);
        return None;
    };
    let config = match manual_response_header(reader, name, &fields) {
        Some(node) => node,
        None => reader.config(&fields, name, config)?,
    };
    Some(match *name {
        "Host" => Condition::Host { host_config: values(reader, &config)? },
        "Path" => Condition::Path { path_config: values(reader, &config)? },
        "Header" => Condition::Header { header_config: keyed_values(reader, &config)? },
        "QueryString" => Condition::QueryString { query_string_config: key_values(reader, &config)? },
        "Method" => Condition::Method { method_config: values(reader, &config)? },
        "Cookie" => Condition::Cookie { cookie_config: key_values(reader, &config)? },
        "SourceIp" => Condition::SourceIp { source_ip_config: values(reader, &config)? },
        "ResponseHeader" => {
            Condition::ResponseHeader { response_header_config: keyed_values(reader, &config)? }
        }
        _ => Condition::ResponseStatusCode { response_status_code_config: values(reader, &config)? },
    })
}

/// `headerConfig` of a `ResponseHeader`: an example of the manual has it, Alibaba's code reads `responseHeaderConfig` only.
fn manual_response_header<'j>(reader: &mut Reader<'_>, kind: &str, fields: &Fields<'j>) -> Option<Node<'j>> {
    let node = fields.get("headerConfig").filter(|_| kind == "ResponseHeader")?;
    if fields.get("responseHeaderConfig").is_some() {
        return None;
    }
    let message = format!(
        "`{}` of a `ResponseHeader` is in Alibaba's manual, but its open controller doesn't read it",
        node.at
    );
    reader.say(&build::UNKNOWN_JSON_KEY, message, "write `responseHeaderConfig`");
    Some(node.clone())
}

fn values(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<Values> {
    let fields = reader.object(node, &["values"])?;
    Some(Values { values: texts(reader, &fields)? })
}

fn keyed_values(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<KeyedValues> {
    let fields = reader.object(node, &["key", "values"])?;
    let key = reader.required_text(&fields, "key")?;
    Some(KeyedValues { key, values: texts(reader, &fields)? })
}

fn key_values(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<KeyValues> {
    let fields = reader.object(node, &["values"])?;
    let pairs = elements(reader, &fields)?;
    let read: Vec<_> = pairs.iter().map(|node| key_value(reader, node)).collect();
    Some(KeyValues { values: read.into_iter().collect::<Option<_>>()? })
}

fn key_value(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<KeyValue> {
    let fields = reader.object(node, &["key", "value"])?;
    let key = reader.required_text(&fields, "key")?;
    Some(KeyValue { key, value: reader.text(&fields, "value")? })
}

fn texts(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<Vec<String>> {
    let nodes = elements(reader, fields)?;
    let read: Vec<_> = nodes.iter().map(|node| reader.string(node)).collect();
    read.into_iter().collect()
}

/// `values`, at least one.
fn elements<'j>(reader: &mut Reader<'_>, fields: &Fields<'j>) -> Option<Vec<Node<'j>>> {
    let nodes = fields.get("values").map_or(Some(Vec::new()), |node| reader.array(node))?;
    if nodes.is_empty() {
        reader.missing(&fields.at, "values");
        return None;
    }
    Some(nodes)
}
