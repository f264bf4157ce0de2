use crate::endpoints::Registry;
use crate::gateway::State;
use crate::metrics::{Metrics, collect};
use crate::table::{CompiledRule, Table};
use net_alb_diag::metrics::{Family, Source};
use net_alb_model::{Action, Direction};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a gateway serves and counts, to look at from another thread while it goes on.
#[derive(Debug, Clone)]
pub struct View {
    pub(crate) state: Arc<Mutex<State>>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) metrics: Arc<Metrics>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ListenerDump {
    listener: String,
    addresses: Vec<SocketAddr>,
    rules: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RuleDump<'a> {
    listener: &'a str,
    id: &'a str,
    ingress: String,
    reason: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    targets: Vec<TargetDump>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TargetDump {
    server_group: String,
    weight: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BackendDump {
    backend: String,
    addresses: Vec<SocketAddr>,
}

/// A certificate by the name of its Secret; neither it nor its key is shown.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CertificateDump {
    secret: String,
    names: Vec<String>,
    not_after: String,
}

impl View {
    /// Writes what is served as one JSON object, a line for each of its parts: listeners, rules in the order in which they are
    /// tried, backends with their servers, certificates by name. Memory doesn't grow with the text.
    pub fn dump(&self, out: &mut dyn Write) -> io::Result<()> {
        let (generation, listeners, certificates) = {
            let state = self.lock();
            let address_of = |key| {
                let bound = state.bound.iter().filter(|(_, other)| *other == key);
                bound.map(|((_, address), _)| *address).collect::<Vec<_>>()
            };
            let listener = |(key, listener): (_, &Arc<crate::listener::ListenerState>)| {
                (ToString::to_string(key), address_of(key), Arc::clone(&listener.serving.load().table))
            };
            let listeners: Vec<_> = state.listeners.iter().map(listener).collect();
            (state.generation, listeners, state.certificates.all())
        };
        write!(out, "{{\"generation\":{generation}")?;
        let summary = listeners.iter().map(|(key, addresses, table)| ListenerDump {
            listener: key.clone(),
            addresses: addresses.clone(),
            rules: table.len(),
        });
        list(out, "listeners", summary)?;
        list(out, "rules", listeners.iter().flat_map(|(key, _, table)| rules(key, table)))?;
        let backends: BTreeMap<_, _> = self.registry.all().into_iter().collect();
        let backends = backends.into_iter().map(|(backend, cell)| BackendDump {
            backend: backend.to_string(),
            addresses: cell.addresses().to_vec(),
        });
        list(out, "backends", backends)?;
        let certificates = certificates.into_iter().map(|info| CertificateDump {
            secret: info.secret.to_string(),
            not_after: httpdate::fmt_http_date(info.not_after),
            names: info.names,
        });
        list(out, "certificates", certificates)?;
        out.write_all(b"\n}\n")
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source for View {
    fn collect(&self, families: &mut Vec<Family>) {
        self.metrics.collect(families);
        let (certificates, refused) = {
            let state = self.lock();
            (state.certificates.all(), state.certificates.rejected())
        };
        collect::certificates(certificates, refused, families);
    }
}

fn rules<'a>(listener: &'a str, table: &'a Table) -> impl Iterator<Item = RuleDump<'a>> {
    let ordered = table.in_order(Direction::Request).into_iter();
    let all = ordered.chain(table.in_order(Direction::Response));
    all.map(move |rule| rule_dump(listener, rule))
}

fn rule_dump<'a>(listener: &'a str, compiled: &'a CompiledRule) -> RuleDump<'a> {
    let rule = compiled.rule();
    let targets = rule.actions.iter().flat_map(|action| match action {
        Action::ForwardGroup { targets, .. } => targets.as_slice(),
        _ => &[],
    });
    let target = |target: &net_alb_model::Target| (target.server_group.to_string(), target.weight);
    let targets = targets.map(target).map(|(server_group, weight)| TargetDump { server_group, weight });
    RuleDump {
        listener,
        id: &rule.id.0,
        ingress: compiled.ingress().to_string(),
        reason: &rule.reason,
        targets: targets.collect(),
    }
}

/// Writes a list one by one.
fn list<T: Serialize>(out: &mut dyn Write, name: &str, items: impl Iterator<Item = T>) -> io::Result<()> {
    write!(out, ",\n\"{name}\":[")?;
    for (index, item) in items.enumerate() {
        out.write_all(if index == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut *out, &item)?;
    }
    out.write_all(b"]")
}
