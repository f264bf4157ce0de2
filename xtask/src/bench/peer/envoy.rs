//! Envoy: routes from a file that it watches (RDS), one virtual host a host; rules as a list of routes with a header
//! match, which it tries in order.

use super::super::backend::Kind;
use super::super::front::Front;
use super::super::routing::{NAMESPACE, NAMESPACE_HEADER, REVISION_HEADER, RULE_HEADER, Routing};
use super::super::serving::Site;
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
    let mut listeners = vec![json!({
        "name": "all",
        "address": address(site.listen),
        "filter_chains": [{"filters": [connection_manager(site, "AUTO")]}],
    })];
    listeners.extend(site.front.map(|(front, port)| second(site, front, port)));
    let clusters =
        [("a", site.upstreams[0]), ("b", site.upstreams[1])].map(|(name, port)| cluster(site, name, port));
    json!({"node": {"id": "bench", "cluster": "bench"}, "static_resources": {
        "listeners": listeners,
        "clusters": clusters,
    }})
}

fn second(site: &Site, front: Front, port: u16) -> Value {
    let codec = match front {
        Front::Tls => "HTTP1",
        Front::Http2 => "HTTP2",
        Front::Quic => "HTTP3",
    };
    let mut chain = json!({"filters": [connection_manager(site, codec)]});
    let common = json!({"tls_certificates": [{
        "certificate_chain": {"filename": site.folder.join("cert.pem")},
        "private_key": {"filename": site.folder.join("key.pem")},
    }]});
    let tls = json!({
        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
        "common_tls_context": common,
    });
    match front {
        Front::Tls => {
            chain["transport_socket"] = json!({"name": "envoy.transport_sockets.tls", "typed_config": tls});
        }
        Front::Quic => {
            chain["transport_socket"] = json!({"name": "envoy.transport_sockets.quic", "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.transport_sockets.quic.v3.QuicDownstreamTransport",
                "downstream_tls_context": {"common_tls_context": common},
            }});
        }
        Front::Http2 => {}
    }
    let mut listener = json!({"name": "second", "address": address(port), "filter_chains": [chain]});
    if front == Front::Quic {
        listener["address"]["socket_address"]["protocol"] = json!("UDP");
        // The options that Envoy's own example has.
        listener["udp_listener_config"] =
            json!({"quic_options": {}, "downstream_socket_config": {"prefer_gro": true}});
    }
    listener
}

fn connection_manager(site: &Site, codec: &str) -> Value {
    let upgrades =
        if site.backend == Kind::WebSocket { json!([{"upgrade_type": "websocket"}]) } else { json!([]) };
    json!({"name": "envoy.filters.network.http_connection_manager", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "codec_type": codec,
        "stat_prefix": "all",
        "generate_request_id": false,
        "use_remote_address": true,
        // As the others: a host is the same host at every port.
        "strip_any_host_port": true,
        "upgrade_configs": upgrades,
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
    }})
}

fn cluster(site: &Site, name: &str, port: u16) -> Value {
    let mut cluster = json!({
        "name": name,
        "type": "STATIC",
        "connect_timeout": "5s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address(port)}}]}],
        },
    });
    if site.backend == Kind::Grpc {
        cluster["typed_extension_protocol_options"] = json!({"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
            "explicit_http_config": {"http2_protocol_options": {}},
        }});
    }
    cluster
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
