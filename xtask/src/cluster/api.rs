//! The API server by way of `kubectl proxy`: create, replace, delete, and a watch for KIngresses that become ready.

use super::objects::NAMESPACE;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use ureq::Agent;

/// The collections that are written to.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Services,
    EndpointSlices,
    KIngresses,
}

/// How soon the API server is asked again.
const AGAIN: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(super) struct Api {
    proxy: Child,
    base: String,
    agent: Agent,
}

impl Api {
    pub(super) fn connect() -> Result<Api> {
        let mut proxy = Command::new("kubectl")
            .args(["proxy", "--port=0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(proxy.stdout.take().context("the output is a pipe")?).read_line(&mut line)?;
        let address = line.trim().rsplit(' ').next().context("kubectl proxy said nothing")?.to_owned();
        // Conflicts and the like are ours to read.
        let agent: Agent = Agent::config_builder().http_status_as_error(false).build().into();
        Ok(Api { proxy, base: format!("http://{address}"), agent })
    }

    pub(super) fn create_namespace(&self) -> Result<()> {
        let body = serde_json::json!({ "metadata": { "name": NAMESPACE } }).to_string();
        let url = format!("{}/api/v1/namespaces", self.base);
        let response = self.agent.post(url).content_type("application/json").send(body)?;
        let status = response.status();
        ensure!(status.is_success(), "creating the namespace {NAMESPACE}: {status}");
        Ok(())
    }

    pub(super) fn create(&self, kind: Kind, object: &Value) -> Result<()> {
        let request = self.agent.post(self.url(kind, None)).content_type("application/json");
        let response = request.send(object.to_string())?;
        ensure!(response.status().is_success(), "creating {object}: {}", response.status());
        Ok(())
    }

    /// Merges a patch into an object.
    pub(super) fn patch(&self, kind: Kind, name: &str, patch: &Value) -> Result<()> {
        let request =
            self.agent.patch(self.url(kind, Some(name))).content_type("application/merge-patch+json");
        let response = request.send(patch.to_string())?;
        ensure!(response.status().is_success(), "changing {name}: {}", response.status());
        Ok(())
    }

    pub(super) fn delete(&self, kind: Kind, name: &str) -> Result<()> {
        let response = self.agent.delete(self.url(kind, Some(name))).call()?;
        ensure!(response.status().is_success(), "deleting {name}: {}", response.status());
        Ok(())
    }

    /// Follows KIngresses from now on. The API server ends a watch after half an hour or so; another one goes on.
    pub(super) fn watch(&self) -> Watch {
        let url = format!("{}?watch=true", self.url(Kind::KIngresses, None));
        let watch = Watch::default();
        let seen = watch.clone();
        thread::spawn(move || {
            let agent: Agent = Agent::config_builder().build().into();
            // For as long as this program runs; the API server may be away for a while.
            loop {
                let Ok(response) = agent.get(&url).call() else {
                    thread::sleep(AGAIN);
                    continue;
                };
                let reader = BufReader::new(response.into_body().into_reader());
                for line in reader.lines().map_while(Result::ok) {
                    let Ok(event) = serde_json::from_str::<Value>(&line) else { continue };
                    seen.note(&event["object"]);
                }
            }
        });
        watch
    }

    /// How many LISTs the API server has answered, by kind.
    pub(super) fn lists(&self) -> Result<BTreeMap<String, u64>> {
        let text = self.agent.get(format!("{}/metrics", self.base)).call()?.into_body().read_to_string()?;
        let mut counts = BTreeMap::new();
        for line in text.lines().filter(|line| line.starts_with("apiserver_request_total{")) {
            let label = |name: &str| {
                let rest = line.split_once(&format!("{name}=\""))?.1;
                Some(rest.split_once('"')?.0.to_owned())
            };
            let (Some(verb), Some(kind), Some(group)) = (label("verb"), label("resource"), label("group"))
            else {
                continue;
            };
            let count: Option<u64> = line.rsplit(' ').next().and_then(|count| count.parse().ok());
            if verb == "LIST"
                && let Some(count) = count
            {
                let kind = if group.is_empty() { kind } else { format!("{kind}.{group}") };
                *counts.entry(kind).or_default() += count;
            }
        }
        Ok(counts)
    }

    fn url(&self, kind: Kind, name: Option<&str>) -> String {
        let (group, plural) = match kind {
            Kind::Services => ("api/v1", "services"),
            Kind::EndpointSlices => ("apis/discovery.k8s.io/v1", "endpointslices"),
            Kind::KIngresses => ("apis/networking.internal.knative.dev/v1alpha1", "ingresses"),
        };
        let name = name.map(|name| format!("/{name}")).unwrap_or_default();
        format!("{}/{group}/namespaces/{NAMESPACE}/{plural}{name}", self.base)
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        let _ = self.proxy.kill();
        let _ = self.proxy.wait();
    }
}

/// When each KIngress became ready, by name and generation.
#[derive(Debug, Clone, Default)]
pub(super) struct Watch(Arc<(Mutex<Ready>, Condvar)>);

type Ready = BTreeMap<(String, i64), Instant>;

impl Watch {
    fn note(&self, object: &Value) {
        let generation = &object["metadata"]["generation"];
        let conditions = object["status"]["conditions"].as_array();
        let ready = |condition: &Value| condition["type"] == "Ready" && condition["status"] == "True";
        let is_ready = conditions.is_some_and(|all| all.iter().any(ready));
        if !is_ready || object["status"]["observedGeneration"] != *generation {
            return;
        }
        let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        let key = (name, generation.as_i64().unwrap_or_default());
        self.lock().entry(key).or_insert_with(Instant::now);
        self.0.1.notify_all();
    }

    /// Waits until so many have been ready at their first generation, or the deadline; when each was, by name.
    pub(super) fn count(&self, count: usize, deadline: Instant) -> BTreeMap<String, Instant> {
        let first = |ready: &Ready| ready.keys().filter(|(_, generation)| *generation == 1).count();
        let ready = self.until(deadline, |ready| ready.len() >= count && first(ready) >= count);
        ready
            .into_iter()
            .filter(|((_, generation), _)| *generation == 1)
            .map(|((n, _), at)| (n, at))
            .collect()
    }

    /// Waits for one; when it was ready.
    pub(super) fn one(&self, name: &str, generation: i64, deadline: Instant) -> Option<Instant> {
        let key = (name.to_owned(), generation);
        self.until(deadline, |ready| ready.contains_key(&key)).get(&key).copied()
    }

    fn until(&self, deadline: Instant, done: impl Fn(&Ready) -> bool) -> Ready {
        let most = deadline.saturating_duration_since(Instant::now());
        let waited = self.0.1.wait_timeout_while(self.lock(), most, |ready| !done(ready));
        waited.unwrap_or_else(PoisonError::into_inner).0.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Ready> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
