//! `actions.NAME` to actions.

use super::forward::Groups;
use crate::site::Site;
use crate::{Action, FixedResponse, HeaderValue, Redirect, Rewrite, SystemValue, Target};
use net_alb_api::annotation as wire;
use net_alb_api::annotation::extension::TargetHeaders;
use net_alb_api::annotation::header::is_token;
use net_alb_api::config::Target as For;
use net_alb_api::{IntOrString, Objects};
use net_alb_diag::FieldPath;
use net_alb_diag::codes::build;

/// Where actions come from, and what goes with their targets.
pub(crate) struct Reading<'a> {
    pub(crate) at: FieldPath,
    pub(crate) target_headers: &'a [TargetHeaders],
}

impl Reading<'_> {
    fn refuse(&self, site: &mut Site<'_>, message: impl Into<String>) {
        site.say(site.at(&build::BAD_ACTION, self.at.clone(), message));
    }
}

/// The action that a written one means; `None` and an error for one without a meaning.
pub(crate) fn read<O: Objects>(
    site: &mut Site<'_>,
    action: wire::Action,
    reading: &Reading<'_>,
    groups: &mut Groups<'_, O>,
) -> Option<Action> {
    match action {
        wire::Action::ForwardGroup { config } => forward(site, &config, reading, groups),
        wire::Action::FixedResponse { config } => fixed_response(site, config, reading),
        wire::Action::Redirect { config } => redirect(site, config, reading),
        wire::Action::InsertHeader { config } => insert_header(site, config, reading),
        wire::Action::RemoveHeader { config } => {
            header_name(site, &config.key, reading)?;
            Some(Action::RemoveHeader { key: config.key })
        }
        wire::Action::Rewrite { config } => Some(Action::Rewrite(Box::new(Rewrite {
            host: or(config.host, "${host}"),
            path: or(config.path, "${path}"),
            query: or(config.query, "${query}"),
        }))),
        wire::Action::TrafficMirror { config } => {
            for id in &config.server_group_ids {
                groups.external(id);
            }
            Some(Action::TrafficMirror { server_group_ids: config.server_group_ids })
        }
        wire::Action::TrafficLimit { config } => traffic_limit(site, &config, reading),
    }
}

fn or(text: String, default: &str) -> String {
    if text.is_empty() { default.to_owned() } else { text }
}

fn forward<O: Objects>(
    site: &mut Site<'_>,
    config: &wire::ForwardConfig,
    reading: &Reading<'_>,
    groups: &mut Groups<'_, O>,
) -> Option<Action> {
    if config.server_groups.is_empty() {
        reading.refuse(site, "a `ForwardGroup` without server groups forwards to nothing");
        return None;
    }
    let targets = config.server_groups.iter().map(|group| {
        let (server_group, headers) = match group.service_port {
            Some(port) if group.server_group_id.is_empty() => {
                let port = IntOrString::Int(port.into());
                let id = groups.of_service(site, &group.service_name, &port, &reading.at);
                (id, headers_of(reading.target_headers, &group.service_name, &port))
            }
            _ => (groups.external(&group.server_group_id), None),
        };
        Target { server_group, weight: group.weight.unwrap_or(100), headers: headers.unwrap_or_default() }
    });
    let targets = targets.collect();
    let sticky = config.server_group_sticky_session.as_ref().filter(|session| session.enabled);
    if sticky.is_some() && site.settings.target == For::Alb {
        let message = "ALB Ingress Controller before 2.14 drops `ServerGroupStickySession`";
        let code = &build::GROUP_STICKINESS;
        site.say(site.at(code, reading.at.clone(), message).help(code.fix));
    }
    Some(Action::ForwardGroup {
        targets,
        sticky_seconds: sticky.map(|session| session.timeout.unwrap_or(1000)),
    })
}

/// The headers that `target-headers.NAME` gives to a port of a Service.
pub(crate) fn headers_of(
    headers: &[TargetHeaders],
    service: &str,
    port: &IntOrString,
) -> Option<std::collections::BTreeMap<String, String>> {
    let found = headers.iter().find(|entry| entry.service_name == service && entry.service_port == *port)?;
    Some(found.headers.clone())
}

fn fixed_response(site: &mut Site<'_>, config: wire::FixedResponse, reading: &Reading<'_>) -> Option<Action> {
    let status = config.http_code.parse().ok().filter(|status| (200..=599).contains(status));
    let Some(status) = status else {
        let message = format!("`httpCode` must be a status from 200 to 599, but is `{}`", config.http_code);
        reading.refuse(site, message);
        return None;
    };
    let content_type = or(config.content_type, "text/plain");
    Some(Action::FixedResponse(Box::new(FixedResponse { status, content_type, content: config.content })))
}

fn redirect(site: &mut Site<'_>, config: wire::Redirect, reading: &Reading<'_>) -> Option<Action> {
    let status = or(config.http_code, "301");
    let protocol = or(config.protocol, "${protocol}").to_ascii_lowercase();
    let port = or(config.port, "${port}");
    let known_status = ["301", "302", "303", "307", "308"].contains(&status.as_str());
    if !known_status {
        reading.refuse(site, format!("`httpCode` must be 301, 302, 303, 307 or 308, but is `{status}`"));
    }
    let known_protocol = ["http", "https", "${protocol}"].contains(&protocol.as_str());
    if !known_protocol {
        reading.refuse(
            site,
            format!("`protocol` must be `http`, `https` or `${{protocol}}`, but is `{protocol}`"),
        );
    }
    let known_port = port == "${port}" || port.parse().is_ok_and(|port: u16| port > 0);
    if !known_port {
        reading.refuse(site, format!("`port` must be from 1 to 65535 or `${{port}}`, but is `{port}`"));
    }
    let status = status.parse().ok().filter(|_| known_status && known_protocol && known_port)?;
    Some(Action::Redirect(Box::new(Redirect {
        protocol,
        host: or(config.host, "${host}"),
        port,
        path: or(config.path, "${path}"),
        query: config.query,
        status,
    })))
}

fn insert_header(site: &mut Site<'_>, config: wire::InsertHeader, reading: &Reading<'_>) -> Option<Action> {
    header_name(site, &config.key, reading)?;
    let value = match config.value_type.as_str() {
        "UserDefined" if config.value.contains(|c: char| c.is_control()) => {
            reading.refuse(site, "a header's value has no control characters");
            return None;
        }
        "UserDefined" => HeaderValue::UserDefined(config.value),
        "ReferenceHeader" => {
            header_name(site, &config.value, reading)?;
            HeaderValue::ReferenceHeader(config.value)
        }
        "SystemDefined" => HeaderValue::SystemDefined(system_value(site, &config.value, reading)?),
        other => {
            let words = "`UserDefined`, `ReferenceHeader` or `SystemDefined`";
            reading.refuse(site, format!("`valueType` must be {words}, but is `{other}`"));
            return None;
        }
    };
    Some(Action::InsertHeader { key: config.key, value })
}

fn system_value(site: &mut Site<'_>, text: &str, reading: &Reading<'_>) -> Option<SystemValue> {
    Some(match text {
        "ClientSrcPort" => SystemValue::ClientSrcPort,
        "ClientSrcIp" => SystemValue::ClientSrcIp,
        "Protocol" => SystemValue::Protocol,
        "SLBId" => SystemValue::SLBId,
        "SLBPort" => SystemValue::SLBPort,
        other => {
            let words = "`ClientSrcPort`, `ClientSrcIp`, `Protocol`, `SLBId` or `SLBPort`";
            reading.refuse(site, format!("a `SystemDefined` value must be {words}, but is `{other}`"));
            return None;
        }
    })
}

fn header_name(site: &mut Site<'_>, name: &str, reading: &Reading<'_>) -> Option<()> {
    if is_token(name) {
        return Some(());
    }
    reading.refuse(site, format!("`{name}` is no header's name"));
    None
}

fn traffic_limit(site: &mut Site<'_>, config: &wire::TrafficLimit, reading: &Reading<'_>) -> Option<Action> {
    let mut number = |name: &str, text: &str| {
        if text.is_empty() {
            return Some(None);
        }
        let number = text.parse().ok().filter(|number: &u32| (1..=1_000_000).contains(number));
        if number.is_none() {
            reading
                .refuse(site, format!("`{name}` must be a whole number from 1 to 1000000, but is `{text}`"));
        }
        number.map(Some)
    };
    let (qps, per_ip_qps) = (number("QPS", &config.qps), number("QPSPerIp", &config.qps_per_ip));
    let (qps, per_ip_qps) = (qps?, per_ip_qps?);
    if let (Some(all), Some(one)) = (qps, per_ip_qps)
        && one >= all
    {
        reading.refuse(site, format!("`QPSPerIp` must be lower than `QPS`, `{all}`, but is `{one}`"));
        return None;
    }
    Some(Action::TrafficLimit { qps, per_ip_qps })
}
