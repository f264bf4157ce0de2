use net_alb_api::ConfigMap;

/// What `config-logging` says that a component logs, as a filter for the log: `loglevel.COMPONENT`, else the level in
/// `zap-logger-config`, else `info`. Zap's levels above `error` are `error`, since nothing here panics on purpose.
///
/// Source: knative.dev/pkg `logging/config.go`.
pub fn filter(config_map: Option<&ConfigMap>, component: &str) -> &'static str {
    let data = config_map.and_then(|config_map| config_map.data.as_ref());
    let own = data.and_then(|data| data.get(&format!("loglevel.{component}")));
    let zap = || {
        let zap: serde_json::Value = serde_json::from_str(data?.get("zap-logger-config")?).ok()?;
        Some(zap.get("level")?.as_str()?.to_owned())
    };
    match own.cloned().or_else(zap).unwrap_or_default().trim() {
        "debug" => "debug",
        "warn" => "warn",
        "error" | "dpanic" | "panic" | "fatal" => "error",
        _ => "info",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(data: &[(&str, &str)]) -> &'static str {
        let data = data.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        filter(Some(&ConfigMap { data: Some(data), ..ConfigMap::default() }), "net-alb-gateway")
    }

    #[test]
    fn a_components_own_level_wins() {
        let zap = ("zap-logger-config", r#"{"level": "error"}"#);
        assert_eq!(
            read(&[zap, ("loglevel.net-alb-gateway", "debug"), ("loglevel.controller", "warn")]),
            "debug"
        );
        assert_eq!(read(&[zap]), "error");
        assert_eq!(read(&[("zap-logger-config", "{")]), "info");
        assert_eq!(filter(None, "net-alb-gateway"), "info");
    }
}
