//! AlbConfig to load balancer: everything but the rules.

mod tls;

use crate::site::Site;
use crate::{
    AddressType, Alb, DefaultAction, Edition, Listener, ListenerDefaults, ListenerId, Protocol, XForwardedFor,
};
use net_alb_api::annotation::registry;
use net_alb_api::config::{Settings, Target};
use net_alb_api::{AlbConfig, IntOrString, ListenerSpec, XForwardedForConfig};
use net_alb_diag::codes::build;
use net_alb_diag::{FieldPath, Outcome};
use std::collections::BTreeMap;

/// The AlbConfig's own part of a load balancer: its listeners, by port and protocol, without rules.
///
/// A listener that can't be understood, or whose protection the gateway would not enforce, is left out with an error.
/// Source: ACK, AlbConfig; ALB API, CreateListener.
pub fn frame(alb_config: &AlbConfig, settings: &Settings) -> Outcome<Alb> {
    let mut site = Site::new(alb_config.to_ref(), &alb_config.metadata, settings);
    crate::lint::object(&mut site, registry::On::AlbConfig);
    let default_action = default_action(&mut site);
    let mut listeners: Vec<Listener> = Vec::new();
    for (i, spec) in alb_config.spec.listeners.iter().enumerate() {
        let at = FieldPath::of("spec.listeners").index(i);
        let Some(listener) = listener(&mut site, spec, &at, default_action) else { continue };
        let taken = |other: &&Listener| other.id == listener.id || other.id.conflicts_with(listener.id);
        if let Some(other) = listeners.iter().find(taken) {
            let message = format!("listener `{}` is declared already, as `{}`", listener.id, other.id);
            site.say(
                site.at(&build::LISTENER_CONFLICT, at.key("port"), message)
                    .help("take one out, or change its port"),
            );
            continue;
        }
        listeners.push(listener);
    }
    listeners.sort_by_key(|listener| listener.id);
    announce_quic(&mut site, alb_config, &mut listeners);
    let config = &alb_config.spec.config;
    let address_type = address_type(&mut site, config.address_type.as_deref());
    let edition = edition(&mut site, config.edition.as_deref());
    unknown_fields(&mut site, &FieldPath::of("spec.config"), &config.other, CLOUD_FIELDS);
    let alb = Alb {
        name: alb_config.name().to_owned(),
        address_type,
        edition,
        undeclared: ListenerDefaults { default_action, ..undeclared(alb_config, settings) },
        listeners,
        server_groups: Vec::new(),
    };
    Outcome { value: alb, diagnostics: site.diagnostics }
}

/// Alibaba's open controller adds an undeclared listener with nothing but port and protocol. In net-alb's own classes it
/// tells backends of the client as the declared one does, since Knative's pods count on that.
fn undeclared(alb_config: &AlbConfig, settings: &Settings) -> ListenerDefaults {
    let is_own = settings.place_of_alb_config(alb_config.name()).is_some();
    let first = alb_config.spec.listeners.first().filter(|_| is_own);
    ListenerDefaults {
        x_forwarded_for: first.map(x_forwarded_for).unwrap_or_default(),
        ..ListenerDefaults::default()
    }
}

fn default_action(site: &mut Site<'_>) -> DefaultAction {
    let given = site.text(&registry::DEFAULT_STATUS).is_some();
    match site.count(&registry::DEFAULT_STATUS) {
        Some(status) if given => DefaultAction::Status(status),
        _ => DefaultAction::EmptyServerGroup,
    }
}

fn address_type(site: &mut Site<'_>, text: Option<&str>) -> AddressType {
    match text.unwrap_or("Internet") {
        "Internet" => AddressType::Internet,
        "Intranet" => AddressType::Intranet,
        other => {
            let message = format!("`addressType` must be `Internet` or `Intranet`, but is `{other}`");
            let help = "until it is mended, the load balancer counts as `Intranet`, which exposes least";
            let at = FieldPath::of("spec.config.addressType");
            site.say(site.at(&build::BAD_ALB_CONFIG, at, message).help(help));
            AddressType::Intranet
        }
    }
}

fn edition(site: &mut Site<'_>, text: Option<&str>) -> Edition {
    match text.unwrap_or("Standard") {
        "Standard" => Edition::Standard,
        "StandardWithWaf" => Edition::StandardWithWaf,
        "Basic" => Edition::Basic,
        other => {
            let message =
                format!("`edition` must be `Standard`, `StandardWithWaf` or `Basic`, but is `{other}`");
            site.say(site.at(&build::BAD_ALB_CONFIG, FieldPath::of("spec.config.edition"), message));
            Edition::Standard
        }
    }
}

fn listener(
    site: &mut Site<'_>,
    spec: &ListenerSpec,
    at: &FieldPath,
    default_action: DefaultAction,
) -> Option<Listener> {
    let port = port(site, spec, at);
    let protocol = protocol(site, spec, at);
    let id = ListenerId { port: port?, protocol: protocol? };
    unknown_fields(site, at, &spec.other, LISTENER_FIELDS);
    if site.settings.target == Target::Gateway && !is_enforceable(site, spec, at, id) {
        return None;
    }
    let defaults = ListenerDefaults { x_forwarded_for: x_forwarded_for(spec), default_action };
    let mut listener = Listener::plain(id, defaults);
    listener.idle_timeout_seconds = seconds(site, spec.idle_timeout, 15, at.key("idleTimeout"));
    listener.request_timeout_seconds = seconds(site, spec.request_timeout, 60, at.key("requestTimeout"));
    listener.http2 &= spec.http2_enabled.unwrap_or(true);
    listener.gzip = spec.gzip_enabled.unwrap_or(true);
    tls::read(site, spec, at, &mut listener);
    Some(listener)
}

/// Says which QUIC listener an HTTPS listener's answers announce. `quicListenerId` is Alibaba Cloud's own id, which no
/// manifest has for a listener; so it is the one on the same port, else the first.
///
/// Source: ALB, "Create and manage listeners".
fn announce_quic(site: &mut Site<'_>, alb_config: &AlbConfig, listeners: &mut [Listener]) {
    let quic: Vec<u16> =
        listeners.iter().filter(|l| l.id.protocol == Protocol::Quic).map(|l| l.id.port).collect();
    for (i, spec) in alb_config.spec.listeners.iter().enumerate() {
        let asked = spec.quic_config.as_ref().is_some_and(|config| config.quic_upgrade_enabled);
        let at = FieldPath::of("spec.listeners").index(i);
        let Some(port) = number(spec.port.as_ref()).filter(|_| asked) else { continue };
        let id = ListenerId { port, protocol: Protocol::Https };
        let announced = quic.iter().find(|other| **other == port).or(quic.first()).copied();
        let https = listeners.iter_mut().find(|listener| listener.id == id);
        if let Some((https, port)) =
            https.filter(|_| spec.protocol.as_deref() == Some("HTTPS")).zip(announced)
        {
            https.quic_port = Some(port);
            continue;
        }
        let message = match announced {
            Some(_) => "only HTTPS listeners can lead to a QUIC listener",
            None => "there is no QUIC listener to lead to",
        };
        let help = format!("add a listener `{{port: {port}, protocol: QUIC}}`, or take `quicConfig` out");
        site.say(site.at(&build::BAD_ALB_CONFIG, at.key("quicConfig"), message).help(help));
    }
}

fn port(site: &mut Site<'_>, spec: &ListenerSpec, at: &FieldPath) -> Option<u16> {
    let port = number(spec.port.as_ref());
    if port.is_none() {
        let text = match spec.port.as_ref() {
            Some(IntOrString::Int(number)) => number.to_string(),
            Some(IntOrString::String(text)) => text.clone(),
            None => String::new(),
        };
        let message = format!("`port` must be from 1 to 65535, but is `{text}`");
        site.say(site.at(&build::BAD_ALB_CONFIG, at.key("port"), message));
    }
    port
}

/// A port; 80 where none is given.
fn number(given: Option<&IntOrString>) -> Option<u16> {
    let number = match given {
        None => Some(80),
        Some(IntOrString::Int(number)) => u16::try_from(*number).ok(),
        Some(IntOrString::String(text)) => text.parse().ok(),
    };
    number.filter(|port| *port > 0)
}

fn protocol(site: &mut Site<'_>, spec: &ListenerSpec, at: &FieldPath) -> Option<Protocol> {
    let text = spec.protocol.as_deref().unwrap_or("HTTP");
    let protocol = Protocol::parse(text);
    if protocol.is_none() {
        let message = format!("`protocol` must be `HTTP`, `HTTPS` or `QUIC`, but is `{text}`");
        site.say(site.at(&build::BAD_ALB_CONFIG, at.key("protocol"), message));
    }
    protocol
}

fn seconds(site: &mut Site<'_>, value: Option<i64>, default: u16, at: FieldPath) -> u16 {
    let Some(value) = value else { return default };
    match u16::try_from(value) {
        Ok(seconds) if (1..=600).contains(&seconds) => seconds,
        _ => {
            let message = format!("`{at}` must be from 1 to 600 seconds, but is `{value}`");
            site.say(
                site.at(&build::BAD_ALB_CONFIG, at, message).help(format!("without it, it is {default}")),
            );
            default
        }
    }
}

fn x_forwarded_for(spec: &ListenerSpec) -> XForwardedFor {
    let config: XForwardedForConfig = spec.x_forwarded_for_config.clone().unwrap_or_default();
    XForwardedFor {
        x_forwarded_for: config.x_forwarded_for,
        proto: config.proto,
        slb_port: config.slb_port,
        host: config.host,
        client_src_port: config.client_src_port,
        slb_id: config.slb_id,
    }
}

/// Whether the gateway would serve the listener as closed as it was asked to.
fn is_enforceable(site: &mut Site<'_>, spec: &ListenerSpec, at: &FieldPath, id: ListenerId) -> bool {
    let acl =
        spec.other.get("aclConfig").is_some_and(|acl| acl.as_object().is_some_and(|acl| !acl.is_empty()));
    // ALB knows client certificates for HTTPS only; the gateway needs to know which CA is meant.
    let clients = spec.ca_enabled == Some(true)
        && (id.protocol != Protocol::Https || tls::client_cas(site, spec).is_empty());
    let open = "take the field out to serve the listener to everybody";
    let secret = "name a Secret with `ca.crt` in `caCertificates`, as `CertificateId: namespace/name`";
    let unenforced = [("aclConfig", acl, open), ("caEnabled", clients, secret)];
    for (field, _, help) in unenforced.iter().filter(|(_, asked, _)| *asked) {
        let message = format!("the gateway can't enforce `{field}`, so it leaves out listener `{id}`");
        let help = format!("{help}, or serve it by ALB");
        site.say(site.at(&build::UNENFORCED_PROTECTION, at.key(*field), message).help(help));
    }
    unserved(site, spec, at);
    unenforced.iter().all(|(_, asked, _)| !asked)
}

/// Fields that only the cloud product honours.
fn unserved(site: &mut Site<'_>, spec: &ListenerSpec, at: &FieldPath) {
    let mut fields: Vec<String> = Vec::new();
    let known =
        spec.other.keys().filter(|key| LISTENER_FIELDS.contains(&key.as_str()) && *key != "aclConfig");
    fields.extend(known.filter(|key| *key != "loadBalancerId").cloned());
    let headers = spec.x_forwarded_for_config.iter().flat_map(|config| &config.other);
    let asked = headers
        .filter(|(_, value)| !matches!(value, serde_json::Value::Null | serde_json::Value::Bool(false)));
    fields.extend(asked.map(|(key, _)| format!("xForwardedForConfig.{key}")));
    for field in fields {
        let message = format!("the gateway does nothing for `{field}`");
        site.say(site.at(&build::UNSERVED_ALB_CONFIG_FIELD, at.clone(), message));
    }
}

fn unknown_fields(
    site: &mut Site<'_>,
    at: &FieldPath,
    fields: &BTreeMap<String, serde_json::Value>,
    known: &[&'static str],
) {
    // From 2.14 on, the case of letters doesn't matter.
    for key in fields.keys().filter(|key| !known.iter().any(|known| known.eq_ignore_ascii_case(key))) {
        let mut diagnostic =
            site.at(&build::UNKNOWN_ALB_CONFIG_FIELD, at.key(key.clone()), format!("unknown field `{key}`"));
        let typed = ["port", "protocol", "certificates", "idleTimeout", "requestTimeout", "securityPolicyId"];
        let more = [
            "http2Enabled",
            "gzipEnabled",
            "caEnabled",
            "caCertificates",
            "xForwardedForConfig",
            "quicConfig",
        ];
        let also = ["addressType", "edition", "zoneMappings", "description", "name", "id"];
        let all = known.iter().chain(&typed).chain(&more).chain(&also).copied();
        if let Some(near) = net_alb_diag::nearest(key, all) {
            diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
        }
        site.say(diagnostic);
    }
}

/// Fields of `spec.config` that only the cloud needs. Source: alibaba-load-balancer-controller, `albconfig_types.go`.
const CLOUD_FIELDS: &[&str] = &[
    "addressAllocatedMode",
    "addressIpVersion",
    "ipv6AddressType",
    "accessLogConfig",
    "billingConfig",
    "deletionProtectionEnabled",
    "modificationProtectionConfig",
    "resourceGroupId",
    "tags",
    "forceOverride",
    "listenerForceOverride",
    "securityGroups",
];

/// Fields of a listener that have no type of their own here. Source: as above; ACK release notes.
const LISTENER_FIELDS: &[&str] = &[
    "aclConfig",
    "logConfig",
    "loadBalancerId",
    "defaultActions",
    "defaultCertificate",
    "listenerTags",
    "aScriptConfig",
];
