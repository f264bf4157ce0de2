use super::{Json, Node, Reader, Source};
use net_alb_diag::codes::build;
use net_alb_diag::{FieldPath, Outcome};

/// One entry of `listen-ports`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListenPort {
    /// `HTTP`, `HTTPS` or `QUIC`.
    pub protocol: &'static str,
    /// 1–65535.
    pub port: u16,
}

const PROTOCOLS: &[&str] = &["HTTP", "HTTPS", "QUIC"];

/// Reads `listen-ports`: `[{"HTTP": 80}, {"HTTPS": 443}]`. A bad entry is missing from the value and has an error.
pub fn listen_ports(text: &str, source: Source<'_>) -> Outcome<Vec<ListenPort>> {
    let mut reader = Reader::new(source);
    let mut ports = Vec::new();
    if let Some(json) = reader.parse(text) {
        let root = Node { json: &json, at: FieldPath::root() };
        let elements = reader.array(&root);
        if elements.as_ref().is_some_and(Vec::is_empty) {
            reader.say(
                &build::BAD_JSON_VALUE,
                "the value names no port".into(),
                "write such as `[{\"HTTP\": 80}]`",
            );
        }
        for node in elements.unwrap_or_default() {
            entry(&mut reader, &node, &mut ports);
        }
    }
    reader.finish(ports)
}

fn entry(reader: &mut Reader<'_>, node: &Node<'_>, ports: &mut Vec<ListenPort>) {
    let Json::Object(entries) = node.json else {
        reader.bad(node, "an object such as `{\"HTTP\": 80}`");
        return;
    };
    for (key, json) in entries {
        let Some(protocol) = PROTOCOLS.iter().find(|known| known.eq_ignore_ascii_case(key)) else {
            let message =
                format!("{} has the protocol `{key}`, which is none of `HTTP`, `HTTPS`, `QUIC`", node.name());
            reader.say(&build::BAD_JSON_VALUE, message, "");
            continue;
        };
        if protocol != key {
            let message = format!("{} has `{key}`, which Alibaba's controller refuses", node.name());
            let severity = reader.source.settings.target.alb_limit();
            reader.say(&build::LOOSE_JSON, message, &format!("write `{protocol}`")).severity = severity;
        }
        if let Some(port) = port(reader, &Node { json, at: node.at.key(key.clone()) }) {
            ports.push(ListenPort { protocol, port });
        }
    }
}

fn port(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<u16> {
    let number = match node.json {
        Json::Number(number) => number.as_u64().and_then(|number| u16::try_from(number).ok()),
        Json::String(text) => text.parse().ok(),
        _ => None,
    };
    let Some(port) = number.filter(|port| *port > 0) else {
        reader.bad(node, "a port from 1 to 65535");
        return None;
    };
    if matches!(node.json, Json::String(_)) {
        reader.loose(node, &format!("`{port}`"));
    }
    Some(port)
}
