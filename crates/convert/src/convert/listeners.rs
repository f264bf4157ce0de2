//! TLS and `httpOption`: which rules go to port 80, which to port 443, and so into which Ingress.

use super::blocks::{Block, Hosts};
use super::hop::through_gateway;
use super::names::harmless;
use super::paths::Prefix;
use super::rule::{Action, Matches, Origin, Reason, Rule};
use super::{Conversion, codes};
use net_alb_api::config::{AddressType, ClusterLocal, Http3, Settings, Target};
use net_alb_api::{ObjectKey, Visibility, lacking};
use net_alb_diag::FieldPath;
use std::collections::BTreeSet;

/// Suffixes of the Ingresses that aren't named as their KIngress.
const INTERNET: &str = ".internet";
const INTRANET: &str = ".intranet";
const REDIRECT: &str = ".redirect";

/// An Ingress before its rules are put in order.
pub(super) struct Draft {
    pub(super) name: String,
    /// Which load balancer it is for.
    pub(super) address_type: AddressType,
    /// `listen-ports`; HTTP on port 80 if absent.
    pub(super) ports: Option<&'static str>,
    pub(super) certificates: Vec<Certificate>,
    pub(super) blocks: Vec<Block>,
}

/// One entry of `spec.tls`.
#[derive(Debug, Clone)]
pub(super) struct Certificate {
    /// Lower case, wildcards among them; none means every host.
    pub(super) hosts: Vec<String>,
    pub(super) secret: String,
}

impl Certificate {
    /// Whether it is for this host; `None` stands for every host.
    fn covers(&self, host: Option<&str>) -> bool {
        let Some(host) = host else { return self.hosts.is_empty() };
        self.hosts.is_empty() || self.hosts.iter().any(|pattern| host_matches(pattern, host))
    }
}

/// `*.` covers one label (RFC 9525, 6.3).
fn host_matches(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix("*.") {
        Some(parent) => host.split_once('.').is_some_and(|(_, rest)| rest == parent),
        None => pattern == host,
    }
}

/// Sorts the blocks into Ingresses.
pub(super) fn drafts(conversion: &mut Conversion<'_>, blocks: Vec<Block>) -> Vec<Draft> {
    let certificates = certificates(conversion);
    let is_redirected = is_redirected(conversion);
    if is_redirected {
        warn_of_plain_hosts(conversion, &blocks, &certificates);
    }
    let written = &conversion.key.name;
    let name = harmless(written);
    let is_reserved = [INTERNET, INTRANET, REDIRECT].iter().any(|suffix| written.ends_with(suffix));
    let is_reserved = is_reserved || name != *written;
    let base = name.clone();
    let main = if is_reserved { format!("{name}{INTERNET}") } else { name.clone() };
    let settings = conversion.settings;
    let (internet, intranet) = blocks.into_iter().partition(|block| {
        settings.cluster_local == ClusterLocal::Shared || block.visibility == Visibility::ExternalIP
    });
    let mut drafts = Vec::new();
    for (name, address_type, blocks) in [
        (main, AddressType::Internet, internet),
        (format!("{name}{INTRANET}"), AddressType::Intranet, intranet),
    ] {
        let draft = Draft { name, address_type, ports: None, certificates: Vec::new(), blocks };
        let ports = Ports::of(settings);
        let redirect = is_redirected.then(|| format!("{base}{REDIRECT}"));
        drafts.extend(by_port(draft, &certificates, ports, redirect));
    }
    drafts.retain(|draft: &Draft| !draft.blocks.is_empty());
    for draft in &mut drafts {
        through_gateway(conversion, &mut draft.blocks, draft.address_type);
    }
    drafts
}

/// `listen-ports` of what has a certificate.
#[derive(Debug, Clone, Copy)]
struct Ports {
    all: &'static str,
    /// Those that are encrypted.
    secure: &'static str,
}

impl Ports {
    fn of(settings: &Settings) -> Ports {
        match settings.http3 {
            Http3::Disabled => Ports { all: r#"[{"HTTP":80},{"HTTPS":443}]"#, secure: r#"[{"HTTPS":443}]"# },
            Http3::Enabled => Ports {
                all: r#"[{"HTTP":80},{"HTTPS":443},{"QUIC":443}]"#,
                secure: r#"[{"HTTPS":443},{"QUIC":443}]"#,
            },
        }
    }
}

/// One Ingress for all ports, or, if a public host is redirected, one for what is encrypted and one of this name for HTTP.
fn by_port(
    draft: Draft,
    certificates: &[Certificate],
    ports: Ports,
    redirect_name: Option<String>,
) -> Vec<Draft> {
    let is_secure = |host: Option<&str>| certificates.iter().any(|certificate| certificate.covers(host));
    let secure: Vec<Block> = draft.blocks.iter().filter_map(|block| only(block, is_secure)).collect();
    if secure.is_empty() {
        return vec![draft];
    }
    let certificates = covering(certificates, &secure);
    let is_public = |block: &Block| block.visibility == Visibility::ExternalIP;
    let Some(name) = redirect_name.filter(|_| secure.iter().any(is_public)) else {
        return vec![Draft { ports: Some(ports.all), certificates, ..draft }];
    };
    let plain = draft.blocks.iter().flat_map(|block| {
        let redirected = only(block, is_secure).map(|block| match block.visibility {
            Visibility::ExternalIP => redirect(block),
            Visibility::ClusterLocal => block,
        });
        [redirected, only(block, |host| !is_secure(host))].into_iter().flatten()
    });
    let redirect = Draft {
        name,
        address_type: draft.address_type,
        ports: Some(r#"[{"HTTP":80}]"#),
        certificates: Vec::new(),
        blocks: plain.collect(),
    };
    vec![Draft { ports: Some(ports.secure), certificates, blocks: secure, ..draft }, redirect]
}

/// The block with those of its hosts that pass; `None` if none does.
fn only(block: &Block, passes: impl Fn(Option<&str>) -> bool) -> Option<Block> {
    let hosts = match &block.hosts {
        Hosts::Any => passes(None).then_some(Hosts::Any)?,
        Hosts::These(hosts) => {
            let kept: BTreeSet<String> = hosts.iter().filter(|host| passes(Some(host))).cloned().collect();
            (!kept.is_empty()).then_some(Hosts::These(kept))?
        }
    };
    Some(Block { hosts, ..block.clone() })
}

/// What stays on port 80 of hosts that are redirected: ACME challenges, since the certificate authority may ask for one
/// before there is a certificate, and the redirect.
fn redirect(block: Block) -> Block {
    let mut rules = block.rules;
    rules.retain(|rule| rule.reason == Reason::AcmeChallenge);
    rules.push(Rule {
        name: "redirect-https".to_owned(),
        origin: Origin::path(FieldPath::of("spec.httpOption")),
        reason: Reason::Redirect,
        path: Prefix::everything(),
        matches: Matches::default(),
        action: Action::RedirectToHttps,
    });
    Block { rules, ..block }
}

/// The certificates for these blocks, each with the hosts that it is wanted for.
fn covering(certificates: &[Certificate], blocks: &[Block]) -> Vec<Certificate> {
    let hosts: BTreeSet<&str> = blocks
        .iter()
        .filter_map(|block| match &block.hosts {
            Hosts::Any => None,
            Hosts::These(hosts) => Some(hosts),
        })
        .flatten()
        .map(String::as_str)
        .collect();
    let has_any = blocks.iter().any(|block| block.hosts == Hosts::Any);
    let narrowed = certificates.iter().map(|certificate| {
        let wanted: Vec<String> = match certificate.hosts.as_slice() {
            [] if has_any => Vec::new(),
            [] => hosts.iter().map(|host| (*host).to_owned()).collect(),
            patterns => {
                let is_used = |pattern: &&String| hosts.iter().any(|host| host_matches(pattern, host));
                patterns.iter().filter(is_used).cloned().collect()
            }
        };
        let is_wanted = !wanted.is_empty() || (certificate.hosts.is_empty() && has_any);
        is_wanted.then(|| Certificate { hosts: wanted, secret: certificate.secret.clone() })
    });
    narrowed.flatten().collect()
}

fn is_redirected(conversion: &mut Conversion<'_>) -> bool {
    match conversion.kingress.spec.http_option.as_str() {
        "" | "Enabled" => false,
        "Redirected" => !conversion.settings.behind_alb,
        other => {
            let message = format!("`{other}` is neither `Enabled` nor `Redirected`; plain HTTP is served");
            conversion.report(&codes::INVALID_HTTP_OPTION, &FieldPath::of("spec.httpOption"), message);
            false
        }
    }
}

fn certificates(conversion: &mut Conversion<'_>) -> Vec<Certificate> {
    let kingress = conversion.kingress;
    let mut certificates = Vec::new();
    for (index, tls) in kingress.spec.tls.iter().enumerate() {
        let place = FieldPath::of("spec.tls").index(index);
        if tls.secret_name.is_empty() {
            conversion.report(
                &codes::INCOMPLETE,
                &place.key("secretName"),
                "the certificate names no Secret",
            );
            continue;
        }
        let namespace = &conversion.key.namespace;
        if !tls.secret_namespace.is_empty() && tls.secret_namespace != *namespace {
            let message =
                format!("the Secret is in `{}`, the KIngress in `{namespace}`", tls.secret_namespace);
            conversion.report(&codes::FOREIGN_SECRET, &place.key("secretNamespace"), message);
            continue;
        }
        let key = ObjectKey::new(namespace.clone(), tls.secret_name.clone());
        if !is_usable(conversion, &key, &place.key("secretName")) {
            continue;
        }
        let hosts = tls.hosts.iter().map(|host| host.to_ascii_lowercase()).collect();
        certificates.push(Certificate { hosts, secret: tls.secret_name.clone() });
    }
    certificates
}

/// Whether a certificate may be asked for. For an ALB only one that is there: any other fails every Ingress of the load balancer.
///
/// Source: Alibaba's open controller 1.2, `buildSecretCertificate`, and its upload of what the Secret has.
fn is_usable(conversion: &mut Conversion<'_>, key: &ObjectKey, at: &FieldPath) -> bool {
    let is_alb = conversion.settings.target == Target::Alb;
    let fault = match conversion.objects.secret(key) {
        None => format!("there is no Secret `{key}`"),
        Some(secret) if is_alb => match lacking(&secret).as_slice() {
            [] => return true,
            lacks => format!("the Secret `{key}` lacks `{}`", lacks.join("` and `")),
        },
        Some(_) => return true,
    };
    let effect = if is_alb { "; until it is complete, its hosts are served by plain HTTP" } else { "" };
    conversion.report(&codes::MISSING_SECRET, at, format!("{fault}{effect}"));
    !is_alb
}

/// Names the public hosts that are served by plain HTTP though they should be redirected.
fn warn_of_plain_hosts(conversion: &mut Conversion<'_>, blocks: &[Block], certificates: &[Certificate]) {
    for block in blocks.iter().filter(|block| block.visibility == Visibility::ExternalIP) {
        if block.rules.iter().all(|rule| rule.reason == Reason::AcmeChallenge) {
            continue;
        }
        let is_plain = |host: Option<&str>| !certificates.iter().any(|certificate| certificate.covers(host));
        let Some(plain) = only(block, is_plain) else { continue };
        let which = match plain.hosts {
            Hosts::Any => "every host".to_owned(),
            Hosts::These(hosts) => {
                hosts.iter().map(|host| format!("`{host}`")).collect::<Vec<_>>().join(", ")
            }
        };
        let message = format!("{which} has no certificate in `spec.tls` and is served by plain HTTP");
        conversion.report(&codes::REDIRECT_WITHOUT_CERTIFICATE, &block.place.key("hosts"), message);
    }
}
