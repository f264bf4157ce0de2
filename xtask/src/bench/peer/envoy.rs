//! Envoy: routes from a file that it watches (RDS), one virtual host a host; rules as a list of routes with a header
//! match, which it tries in order.

use super::super::routing::{NAMESPACE, NAMESPACE_HEADER, REVISION_HEADER, RULE_HEADER, Routing};
use super::Site;
use anyhow::Result;
use serde_json::{Value, json};

pub(super) fn files(site: &Site, routing: &Routing) -> Result<Vec<(&'static str, String)>> {
    let routes = serde_json::to_string(&routes(routing))?;
    let bootstrap = serde_json::to_string_pretty(&bootstrap(site))?;
    Ok(vec![("routes.json", routes), ("envoy.json", bootstrap)])
}

fn routes(routing: &Routing) -> Value {
    let hosts: Vec<Value> = (0..routing.hosts).map(|host| virtual_host(routing, host)).collect();
    json!({
        "version_info": format!("{:?}", routing.changed),
        "resources": [{
            "@type": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
            "name": "all",
            "virtual_hosts": hosts,
        }],
    })
}

fn virtual_host(routing: &Routing, host: usize) -> Value {
    let forward = json!({"weighted_clusters": {"clusters": [
        {"name": "a", "weight": 50},
        {"name": "b", "weight": 50},
    ]}});
    let routes: Vec<Value> = match routing.rules {
        0 => vec![json!({"match": {"prefix": "/"}, "route": forward})],
        rules => (0..rules)
            .map(|rule| {
                let header = json!({"name": RULE_HEADER, "string_match": {"exact": rule.to_string()}});
                json!({"match": {"prefix": "/", "headers": [header]}, "route": forward})
            })
            .collect(),
    };
    let set = |name: &str, value: &str| json!({"header": {"key": name, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"});
    json!({
        "name": format!("h{host}"),
        "domains": [Routing::host(host)],
        "routes": routes,
        "request_headers_to_add": [
            set(NAMESPACE_HEADER, NAMESPACE),
            set(REVISION_HEADER, &routing.revision(host)),
        ],
    })
}

fn bootstrap(site: &Site) -> Value {
    let [a, b] = site.upstreams;
    json!({"node": {"id": "bench", "cluster": "bench"}, "static_resources": {
        "listeners": [{
            "name": "all",
            "address": address(site.listen),
            "filter_chains": [{"filters": [{
                "name": "envoy.filters.network.http_connection_manager",
                "typed_config": connection_manager(site),
            }]}],
        }],
        "clusters": [cluster("a", a), cluster("b", b)],
    }})
}

fn connection_manager(site: &Site) -> Value {
    json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "all",
        "generate_request_id": false,
        "use_remote_address": true,
        "rds": {
            "route_config_name": "all",
            "config_source": {
                "resource_api_version": "V3",
                "path_config_source": {"path": site.folder.join("routes.json")},
            },
        },
        "http_filters": [{
            "name": "envoy.filters.http.router",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router",
                "suppress_envoy_headers": true,
            },
        }],
    })
}

fn cluster(name: &str, port: u16) -> Value {
    json!({
        "name": name,
        "type": "STATIC",
        "connect_timeout": "5s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address(port)}}]}],
        },
    })
}

fn address(port: u16) -> Value {
    json!({"socket_address": {"address": "127.0.0.1", "port_value": port}})
}

pub(super) fn arguments(site: &Site) -> Vec<String> {
    let file = site.folder.join("envoy.json");
    let file = file.display().to_string();
    ["-c", &file, "--concurrency", "1", "--disable-hot-restart", "--log-level", "error"]
        .map(str::to_owned)
        .to_vec()
}
