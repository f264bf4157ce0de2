use super::{Fields, Json, Node, Reader, Source};
use crate::IntOrString;
use crate::annotation::extension::TargetHeaders;
use net_alb_diag::{FieldPath, Outcome};
use std::collections::BTreeMap;

/// Reads `target-headers.NAME`. An entry that can't be read is missing from the value and has an error.
pub fn target_headers(text: &str, source: Source<'_>) -> Outcome<Vec<TargetHeaders>> {
    let mut reader = Reader::new(source);
    let Some(json) = reader.parse(text) else { return reader.finish(Vec::new()) };
    let elements = reader.array(&Node { json: &json, at: FieldPath::root() }).unwrap_or_default();
    let entries = elements.iter().filter_map(|node| entry(&mut reader, node)).collect();
    reader.finish(entries)
}

fn entry(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<TargetHeaders> {
    let fields = reader.object(node, &["serviceName", "servicePort", "headers"])?;
    let service_name = reader.required_text(&fields, "serviceName")?;
    let service_port = port(reader, &fields)?;
    let mut headers = BTreeMap::new();
    if let Some(node) = fields.get("headers") {
        let Json::Object(entries) = node.json else {
            reader.bad(node, "an object");
            return None;
        };
        for (key, json) in entries {
            let value = reader.string(&Node { json, at: node.at.key(key.clone()) })?;
            headers.insert(key.clone(), value);
        }
    }
    Some(TargetHeaders { service_name, service_port, headers })
}

fn port(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<IntOrString> {
    let Some(node) = fields.get("servicePort") else {
        reader.missing(&fields.at, "servicePort");
        return None;
    };
    if let Json::String(name) = node.json {
        return Some(IntOrString::String(name.clone()));
    }
    let number = reader.integer(fields, "servicePort", (1, 65535))??;
    Some(IntOrString::Int(i32::try_from(number).ok()?))
}
