//! What a load balancer uses of ALB's quotas. Source: ALB, Quotas and limits; ACK, Create and use an ALB Ingress.

use crate::{Action, Alb, Backend, Edition, Protocol, ServerGroupId};
use net_alb_api::config::Settings;
use net_alb_diag::codes::build;
use net_alb_diag::{Code, Diagnostic, Place};
use serde::Serialize;

/// One quota and what is used of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// What there is.
    pub used: usize,
    /// What ALB takes without asking.
    pub limit: usize,
    /// What Alibaba raises it to on request.
    pub at_most: usize,
}

impl Usage {
    /// Whether there is more than ALB takes.
    pub fn is_exceeded(&self) -> bool {
        self.used > self.limit
    }
}

/// What a load balancer uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Quota {
    /// Listeners.
    pub listeners: Usage,
    /// Rules of all listeners, default ones excluded: an Ingress on two listeners counts twice.
    pub rules: Usage,
    /// Certificates beside each listener's default one, likewise.
    pub certificates: Usage,
}

/// What is counted rule by rule. It is a sum over fragments, so that whoever adds and removes them can keep it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Used {
    /// Rules of all listeners.
    pub rules: usize,
    /// Servers, for each rule that forwards to them.
    pub servers: usize,
}

impl Used {
    /// What a load balancer with its rules uses; `count` says how many servers a backend has.
    pub fn of(alb: &Alb, count: impl Fn(&Backend) -> usize) -> Used {
        let rules = alb.listeners.iter().map(|listener| listener.rules.len()).sum();
        Used { rules, servers: servers(alb, alb.edition, count).used }
    }

    fn of_quotas(self, alb: &Alb) -> (Quota, Usage) {
        let quota = quota(alb, alb.edition);
        let servers = servers(alb, alb.edition, |_| 0);
        let rules = Usage { used: self.rules, ..quota.rules };
        (Quota { rules, ..quota }, Usage { used: self.servers, ..servers })
    }
}

/// What a load balancer uses of the quotas of an edition.
pub fn quota(alb: &Alb, edition: Edition) -> Quota {
    let limits = edition.limits();
    let basic = edition == Edition::Basic;
    let rules = alb.listeners.iter().map(|listener| listener.rules.len()).sum();
    let tls = alb.listeners.iter().filter(|listener| listener.id.protocol != Protocol::Http);
    let certificates =
        tls.map(|l| (l.certificate_secrets.len() + l.certificate_ids.len()).saturating_sub(1)).sum();
    Quota {
        listeners: Usage {
            used: alb.listeners.len(),
            limit: limits.listeners,
            at_most: if basic { 80 } else { 100 },
        },
        rules: Usage { used: rules, limit: limits.rules, at_most: if basic { 100 } else { 200 } },
        certificates: Usage {
            used: certificates,
            limit: limits.certificates,
            at_most: if basic { 150 } else { 300 },
        },
    }
}

/// How many servers a load balancer has as ALB counts them: for each rule, those of every group that it forwards to.
/// `count` says how many a backend has; servers are no part of the model.
pub fn servers(alb: &Alb, edition: Edition, count: impl Fn(&Backend) -> usize) -> Usage {
    let actions = alb.listeners.iter().flat_map(|listener| &listener.rules).flat_map(|rule| &rule.actions);
    let targets = actions.filter_map(|action| match action {
        Action::ForwardGroup { targets, .. } => Some(targets),
        _ => None,
    });
    let of_group = |id: &ServerGroupId| match id {
        ServerGroupId::Service { backend, .. } => count(backend),
        ServerGroupId::External(_) => 0,
    };
    let used = targets.flatten().map(|target| of_group(&target.server_group)).sum();
    let at_most = if edition == Edition::Basic { 400 } else { 1500 };
    Usage { used, limit: edition.limits().servers, at_most }
}

/// Names every quota that is exceeded.
pub(crate) fn check(alb: &Alb, used: Used, place: &Place, settings: &Settings) -> Vec<Diagnostic> {
    let (quota, servers) = used.of_quotas(alb);
    let all: [(&'static Code, &str, Usage, &str); 4] = [
        (
            &build::TOO_MANY_LISTENERS,
            "listeners",
            quota.listeners,
            "spread Ingresses over several AlbConfigs",
        ),
        (
            &build::TOO_MANY_RULES,
            "rules on all listeners",
            quota.rules,
            "put hosts with equal actions into one rule, or spread Ingresses over several AlbConfigs",
        ),
        (
            &build::TOO_MANY_CERTIFICATES,
            "certificates beside the default ones",
            quota.certificates,
            "use a wildcard certificate, or spread Ingresses over several AlbConfigs",
        ),
        (
            &build::TOO_MANY_SERVERS,
            "servers, counted for each rule that forwards to them",
            servers,
            "spread Ingresses over several AlbConfigs",
        ),
    ];
    let exceeded = all.into_iter().filter(|(_, _, usage, _)| usage.is_exceeded());
    let diagnostic = |(code, what, usage, help): (&'static Code, &str, Usage, &str)| {
        let message = format!(
            "load balancer `{}` has {} {what}, ALB ({:?}) takes {}",
            alb.name, usage.used, alb.edition, usage.limit
        );
        let help = format!("{help}; Alibaba raises the quota to {} on request", usage.at_most);
        Diagnostic::at(code, place.clone(), message).severity(settings.target.alb_limit()).help(help)
    };
    exceeded.map(diagnostic).collect()
}
