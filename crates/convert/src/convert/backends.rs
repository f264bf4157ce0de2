//! Splits become weighted targets.

use super::headers::to_set;
use super::rule::Target;
use super::{Conversion, codes};
use net_alb_api::{IntOrString, ObjectKey, Service, Split};
use net_alb_diag::{FieldPath, by_nearness};

/// Server groups of one forward (ALB, CreateRule, ForwardGroupConfig).
pub(super) const MOST_TARGETS: usize = 5;

/// The port of a revision's Service that speaks HTTP/2 in clear (networking `pkg/apis/networking/ports.go`).
const H2C_NAMES: &[&str] = &["http2", "h2c"];
const H2C_PROTOCOL: &str = "kubernetes.io/h2c";

/// Reads the splits of a path; `None` if one of them is refused, since the others' shares would no longer be what was asked.
///
/// A single split without a percentage gets everything (networking `ingress_defaults.go`); 0 percent among several is nothing.
pub(super) fn targets(
    conversion: &mut Conversion<'_>,
    splits: &[Split],
    place: &FieldPath,
) -> Option<Vec<Target>> {
    let place = place.key("splits");
    if splits.is_empty() {
        conversion.report(&codes::INCOMPLETE, &place, "the path has no splits");
        return None;
    }
    let is_whole = splits.len() == 1 && splits[0].percent == 0;
    let mut targets = Some(Vec::new());
    for (index, split) in splits.iter().enumerate() {
        let place = place.index(index);
        match (target(conversion, split, &place), &mut targets) {
            (Some(target), Some(targets)) if is_whole => targets.push(Target { weight: 100, ..target }),
            (Some(target), Some(targets)) if target.weight > 0 => add(conversion, targets, target, &place)?,
            (Some(_), _) => {}
            (None, targets) => *targets = None,
        }
    }
    let total: i64 = splits.iter().map(|split| i64::from(split.percent)).sum();
    if !is_whole && total != 100 {
        let message = format!("the percentages add up to {total}, not 100");
        conversion.report(&codes::INVALID_PERCENT, &place, message);
        return None;
    }
    let count = targets.as_ref().map_or(0, Vec::len);
    if count > MOST_TARGETS {
        let message = format!("the path has {count} targets, ALB takes {MOST_TARGETS}");
        if !conversion.beyond_alb(&codes::TOO_MANY_TARGETS, &place, message) {
            return None;
        }
    }
    targets
}

/// Reads one split on its own: it gets everything, whatever its share in its path.
pub(super) fn whole(conversion: &mut Conversion<'_>, split: &Split, place: &FieldPath) -> Option<Target> {
    target(conversion, split, place).map(|target| Target { weight: 100, ..target })
}

/// Adds a target; one that is there already gets the share of both.
fn add(
    conversion: &mut Conversion<'_>,
    targets: &mut Vec<Target>,
    target: Target,
    place: &FieldPath,
) -> Option<()> {
    match targets.iter_mut().find(|known| (&known.service, known.port) == (&target.service, target.port)) {
        Some(known) if known.headers == target.headers => known.weight += target.weight,
        Some(_) => {
            let message =
                format!("port {} of `{}` is there before, with other headers", target.port, target.service);
            conversion.report(&codes::AMBIGUOUS_SPLIT, place, message);
            return None;
        }
        None => targets.push(target),
    }
    Some(())
}

fn target(conversion: &mut Conversion<'_>, split: &Split, place: &FieldPath) -> Option<Target> {
    if split.service_name.is_empty() {
        conversion.report(&codes::INCOMPLETE, &place.key("serviceName"), "the split names no Service");
        return None;
    }
    let namespace = &split.service_namespace;
    if !namespace.is_empty() && *namespace != conversion.key.namespace {
        let message =
            format!("the Service is in `{namespace}`, the KIngress in `{}`", conversion.key.namespace);
        conversion.report(&codes::FOREIGN_SERVICE, &place.key("serviceNamespace"), message);
        return None;
    }
    let Some(weight) = u32::try_from(split.percent).ok().filter(|percent| *percent <= 100) else {
        let message = format!("{} is no percentage from 0 to 100", split.percent);
        conversion.report(&codes::INVALID_PERCENT, &place.key("percent"), message);
        return None;
    };
    let port = port(conversion, split, place)?;
    let headers = to_set(conversion, &split.append_headers, place)?;
    Some(Target { service: split.service_name.clone(), port, weight, headers })
}

fn port(conversion: &mut Conversion<'_>, split: &Split, place: &FieldPath) -> Option<u16> {
    let place = place.key("servicePort");
    let name = match &split.service_port {
        IntOrString::Int(number) => {
            let port = u16::try_from(*number).ok().filter(|port| *port > 0);
            if port.is_none() {
                let message = format!("{number} is no port from 1 to 65535");
                conversion.report(&codes::UNKNOWN_PORT, &place, message);
            }
            return port;
        }
        IntOrString::String(name) => name,
    };
    let service = &split.service_name;
    let key = ObjectKey::new(conversion.key.namespace.clone(), service.clone());
    let Some(object) = conversion.objects.service(&key) else {
        let message = format!("there is no Service `{key}` to look up its port `{name}` in");
        conversion.report(&codes::UNKNOWN_PORT, &place, message);
        return None;
    };
    let ports = ports(&object);
    if let Some((_, number)) = ports.iter().find(|(known, _)| known == name) {
        return Some(*number);
    }
    let known = by_nearness(name, ports.iter().map(|(known, _)| *known).filter(|known| !known.is_empty()));
    let message = format!("the Service `{key}` has no port `{name}`");
    match known.first() {
        Some(nearest) => {
            let help = format!("write `{nearest}`, or the port's number");
            conversion.report_with_help(&codes::UNKNOWN_PORT, &place, message, help);
        }
        None => conversion.report(&codes::UNKNOWN_PORT, &place, message),
    }
    None
}

/// Names and numbers of a Service's ports; a port without a name has an empty one.
fn ports(service: &Service) -> Vec<(&str, u16)> {
    let ports = service.spec.iter().flat_map(|spec| spec.ports.iter().flatten());
    ports
        .filter_map(|port| Some((port.name.as_deref().unwrap_or_default(), u16::try_from(port.port).ok()?)))
        .collect()
}

/// The port of a revision's Service, as Serving would choose it: 443 if all of the KIngress goes there
/// (`system-internal-tls`), that of HTTP/2 in clear if there is one (81), else 80 (serving `pkg/reconciler/route/resources/ingress.go`).
pub(super) fn revision_port(service: &Service, is_internal_tls: bool) -> u16 {
    if is_internal_tls && ports(service).iter().any(|(_, number)| *number == 443) {
        return 443;
    }
    let written = service.spec.iter().flat_map(|spec| spec.ports.iter().flatten());
    let h2c = written.into_iter().find(|port| {
        port.app_protocol.as_deref() == Some(H2C_PROTOCOL)
            || port.name.as_deref().is_some_and(|name| H2C_NAMES.contains(&name))
    });
    h2c.and_then(|port| u16::try_from(port.port).ok()).unwrap_or(80)
}
