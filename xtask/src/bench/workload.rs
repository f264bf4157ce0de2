//! What is measured: the routing, the requests, and the ratios that net-alb promises.

use super::peer::Peer;
use super::routing::{RULE_HEADER, Routing};
use clap::ValueEnum;
use std::fmt::Write;

/// One workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Workload {
    /// 1 KiB bodies over 64 keep-alive connections, one host
    Small,
    /// The same over 10,000 hosts
    Hosts,
    /// The same over 2,000 header rules on one host
    Rules,
    /// 64 KiB bodies
    Large,
    /// One route among 10,000 changes
    Change,
}

/// 10,000 hosts, as the promise says.
const MANY_HOSTS: usize = 10_000;
const MANY_RULES: usize = 2_000;

impl Workload {
    /// For headings.
    pub(super) fn title(self) -> &'static str {
        match self {
            Workload::Small => "1 KiB keep-alive",
            Workload::Hosts => "10,000 hosts",
            Workload::Rules => "2,000 header rules",
            Workload::Large => "64 KiB bodies",
            Workload::Change => "one route of 10,000 changed",
        }
    }

    /// For file names.
    pub(super) fn name(self) -> &'static str {
        match self {
            Workload::Small => "small",
            Workload::Hosts => "hosts",
            Workload::Rules => "rules",
            Workload::Large => "large",
            Workload::Change => "change",
        }
    }

    /// What the proxies route.
    pub(super) fn routing(self) -> Routing {
        let (hosts, rules) = match self {
            Workload::Small | Workload::Large => (1, 0),
            Workload::Hosts | Workload::Change => (MANY_HOSTS, 0),
            Workload::Rules => (1, MANY_RULES),
        };
        Routing { hosts, rules, changed: None }
    }

    /// The path that is asked for, and how many bytes the backend answers there.
    pub(super) fn body(self) -> (&'static str, usize) {
        match self {
            Workload::Large => ("/large", 64 * 1024),
            _ => ("/", 1024),
        }
    }

    /// The promised ratio of CPU per request, peer ÷ net-alb; `None` where nothing is promised.
    pub(super) fn promise(self, peer: Peer) -> Option<f64> {
        match (self, peer) {
            (Workload::Small | Workload::Hosts, Peer::Envoy) => Some(4.0),
            (Workload::Small, Peer::Nginx) => Some(1.2),
            (Workload::Small, Peer::Haproxy) => Some(1.0),
            (Workload::Hosts, Peer::Nginx) => Some(1.3),
            (Workload::Hosts, Peer::Haproxy) => Some(2.2),
            (Workload::Rules, Peer::Envoy) => Some(8.0),
            (Workload::Rules, Peer::Haproxy) => Some(12.0),
            _ => None,
        }
    }

    /// The most resident memory that net-alb promises, in bytes.
    pub(super) fn promised_memory(self) -> Option<u64> {
        (self == Workload::Hosts).then_some(40 << 20)
    }

    /// wrk's script: requests prepared once, then cycled; a line of figures at the end.
    pub(super) fn script(self) -> String {
        let Routing { hosts, rules, .. } = self.routing();
        let path = self.body().0;
        let mut script = String::from(REQUEST_HEADERS);
        let count = hosts.max(rules);
        let _ = write!(script, "local requests = {{}}\nfor i = 0, {} do\n", count - 1);
        if rules > 0 {
            let _ = writeln!(script, "  headers['Host'] = '{}'", Routing::host(0));
            let _ = writeln!(script, "  headers['{RULE_HEADER}'] = tostring(i)");
        } else {
            let host = Routing::host(0).replacen('0', "' .. i .. '", 1);
            let _ = writeln!(script, "  headers['Host'] = '{host}'");
        }
        let _ = writeln!(script, "  requests[i] = wrk.format('GET', '{path}', headers)\nend");
        // A step that is prime to the count, so that neighbours in time aren't neighbours in the table.
        let _ = writeln!(script, "local count, step, next_one = {count}, 7919, 0");
        script + SCRIPT_END
    }
}

/// What a browser or client library sends anyhow.
const REQUEST_HEADERS: &str = "\
local headers = {
  ['User-Agent'] = 'Mozilla/5.0 (X11; Linux x86_64) bench',
  ['Accept'] = 'application/json, text/plain, */*',
  ['Accept-Encoding'] = 'gzip, deflate, br',
  ['Accept-Language'] = 'en-US,en;q=0.9',
  ['Cookie'] = 'session=0123456789abcdef0123456789abcdef; theme=dark',
}
";

const SCRIPT_END: &str = "\
function request()
  next_one = (next_one + step) % count
  return requests[next_one]
end
function done(summary, latency)
  local e = summary.errors
  print('figures', summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.status + e.timeout)
end
";
