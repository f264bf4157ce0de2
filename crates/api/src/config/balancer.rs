//! Which load balancers net-alb's two IngressClasses lead to, and how those are made where they aren't there.

use super::knative::{Data, boolean};
use super::{Settings, Target};
use crate::Snapshot;
use net_alb_diag::codes::convert as codes;
use net_alb_diag::{Code, Diagnostic};
use serde::Serialize;
use std::collections::BTreeSet;

/// Who reaches a load balancer, as ALB calls it: public hosts are on `Internet` ones, cluster-local ones on `Intranet`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum AddressType {
    /// Everybody.
    Internet,
    /// The virtual private cloud only.
    Intranet,
}

impl AddressType {
    /// Both.
    pub const ALL: [AddressType; 2] = [AddressType::Internet, AddressType::Intranet];

    /// The word in an AlbConfig.
    pub fn word(self) -> &'static str {
        match self {
            AddressType::Internet => "Internet",
            AddressType::Intranet => "Intranet",
        }
    }
}

/// How load balancers are made. From config-network (`vswitch-ids`, `albconfig` and `eni`, as the article and ACK write them) and
/// from config-alb.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bootstrap {
    /// `vswitch-ids`: where the load balancers are, at least two. Empty if there are none that can be used: nothing is made then.
    pub vswitch_ids: Vec<String>,
    /// `albconfig`: the AlbConfig of the internet class, in place of one of our own. Only listeners are added to it.
    pub albconfig: Option<String>,
    /// `intranet-albconfig`: the same for the intranet class.
    pub intranet_albconfig: Option<String>,
    /// `eni`: whether pods are reached by addresses of their own (Terway), not by node ports (Flannel). Default true.
    pub eni: bool,
    /// `listeners`: port and protocol (`HTTP`, `HTTPS`, `QUIC`), also if no route asks for them. Default `HTTP:80`.
    pub listeners: BTreeSet<(u16, String)>,
    /// `certificates`: ids in Certificate Management Service, the first of which is the default one. For HTTPS and QUIC.
    pub certificates: Vec<String>,
    /// `access-log`: project and store (`alb_…`) of Log Service.
    pub access_log: Option<(String, String)>,
    /// `deletion-protection`: whether the load balancers can be deleted at Alibaba Cloud. Default true.
    pub deletion_protection: bool,
    /// Why nothing can be made, if `vswitch-ids` is wrong or there is neither it nor `albconfig`.
    pub fault: Option<String>,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Bootstrap {
            vswitch_ids: Vec::new(),
            albconfig: None,
            intranet_albconfig: None,
            eni: true,
            listeners: BTreeSet::from([(80, "HTTP".to_owned())]),
            certificates: Vec::new(),
            access_log: None,
            deletion_protection: true,
            fault: None,
        }
    }
}

impl Settings {
    /// The IngressClass of net-alb's `number`th load balancer, from 1; the first one's has no number.
    pub fn class(&self, address_type: AddressType, number: u16) -> String {
        let first = self.first_class(address_type);
        if number <= 1 { first.to_owned() } else { format!("{first}-{number}") }
    }

    /// Which of net-alb's load balancers an IngressClass is for; `None` if it is somebody else's.
    pub fn place_of(&self, class: &str) -> Option<(AddressType, u16)> {
        AddressType::ALL
            .into_iter()
            .find_map(|address_type| Some((address_type, number(self.first_class(address_type), class)?)))
    }

    /// The AlbConfig that an IngressClass of ours leads to: of the same name, but where config-network or config-alb names one, for
    /// target `alb`.
    pub fn alb_config_name(&self, address_type: AddressType, number: u16) -> String {
        let given = match address_type {
            AddressType::Internet => &self.bootstrap.albconfig,
            AddressType::Intranet => &self.bootstrap.intranet_albconfig,
        };
        let is_meant = number <= 1 && self.target == Target::Alb;
        given.clone().filter(|_| is_meant).unwrap_or_else(|| self.class(address_type, number))
    }

    /// Which of net-alb's load balancers has this AlbConfig.
    pub fn place_of_alb_config(&self, name: &str) -> Option<(AddressType, u16)> {
        let first = AddressType::ALL.into_iter().find(|a| self.alb_config_name(*a, 1) == name);
        first.map(|address_type| (address_type, 1)).or_else(|| {
            let (address_type, number) = self.place_of(name)?;
            (self.alb_config_name(address_type, number) == name).then_some((address_type, number))
        })
    }

    fn first_class(&self, address_type: AddressType) -> &str {
        match address_type {
            AddressType::Internet => &self.internet_class,
            AddressType::Intranet => &self.intranet_class,
        }
    }
}

/// The number that a class has beside the first one of its kind: 1 if it is that. `None` if it is of another kind.
pub(super) fn number(first: &str, class: &str) -> Option<u16> {
    let rest = class.strip_prefix(first)?;
    if rest.is_empty() {
        return Some(1);
    }
    let digits = rest.strip_prefix('-')?;
    let number = digits.parse().ok().filter(|number| *number > 1)?;
    (digits == u16::to_string(&number)).then_some(number)
}

impl Bootstrap {
    /// Reads config-network. Nothing is said about it for target `gateway`, which has no use for it.
    pub(super) fn read_network(&mut self, snapshot: &Snapshot, target: Target) -> Vec<Diagnostic> {
        let Some(mut data) = Data::find(snapshot, "config-network") else { return Vec::new() };
        // What is wrong with the ConfigMap as such is said with Knative's own keys.
        data.diagnostics.clear();
        self.albconfig = data.text(&["albconfig"]).map(|(_, name)| name.trim().to_owned());
        self.albconfig = self.albconfig.take().filter(|name| !name.is_empty());
        data.read(&["eni"], &mut self.eni, boolean);
        let fault: Option<(&'static Code, String, &str)> = match data.text(&["vswitch-ids"]) {
            Some((_, text)) => match vswitches(text) {
                Ok(ids) => {
                    self.vswitch_ids = ids;
                    None
                }
                Err((message, help)) => Some((&codes::BAD_VSWITCHES, message, help)),
            },
            None if self.albconfig.is_none() => {
                let message = "there is neither `vswitch-ids` nor `albconfig`, so no ALB can be made or used";
                Some((&codes::NO_LOAD_BALANCER, message.to_owned(), codes::NO_LOAD_BALANCER.fix))
            }
            None => None,
        };
        if let Some((code, message, help)) = fault {
            data.complain(code, "vswitch-ids", message.clone()).help(help);
            self.fault = Some(format!("config-network: {message}; {help}")).filter(|_| target == Target::Alb);
        }
        if target == Target::Alb { data.diagnostics } else { Vec::new() }
    }
}

/// At least two, each once. Which zones they are in only Alibaba Cloud knows.
fn vswitches(text: &str) -> Result<Vec<String>, (String, &'static str)> {
    const HELP: &str = "name two vSwitches of different zones, as `vsw-…,vsw-…`";
    let ids: Vec<&str> = text.split(',').map(str::trim).filter(|id| !id.is_empty()).collect();
    for (index, id) in ids.iter().enumerate() {
        let is_id = id.strip_prefix("vsw-").is_some_and(|rest| {
            !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        });
        if !is_id {
            return Err((format!("`{id}` is no id of a vSwitch, which begins with `vsw-`"), HELP));
        }
        if ids[..index].contains(id) {
            return Err((format!("`{id}` is there twice, and an ALB needs two zones"), HELP));
        }
    }
    if ids.len() < 2 {
        return Err((format!("an ALB needs vSwitches in two zones, and there is {}", ids.len()), HELP));
    }
    Ok(ids.into_iter().map(str::to_owned).collect())
}

/// `HTTP:80,HTTPS:443`; each port and protocol once, TCP's two not on one port.
pub(super) fn listeners(text: &str) -> Result<BTreeSet<(u16, String)>, String> {
    let mut listeners = BTreeSet::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let read = part.split_once(':').and_then(|(protocol, port)| {
            let port = port.parse().ok().filter(|port: &u16| *port > 0)?;
            ["HTTP", "HTTPS", "QUIC"].contains(&protocol).then(|| (port, protocol.to_owned()))
        });
        let Some(listener) = read else {
            return Err(format!("`{part}` is no `PROTOCOL:PORT` with `HTTP`, `HTTPS` or `QUIC`"));
        };
        listeners.insert(listener);
    }
    let tcp = |protocol| listeners.iter().filter(move |(_, p)| p == protocol).map(|(port, _)| port);
    if let Some(port) = tcp("HTTP").find(|port| tcp("HTTPS").any(|other| other == *port)) {
        return Err(format!("`HTTP` and `HTTPS` can't share port {port}"));
    }
    if listeners.is_empty() {
        return Err("there is no listener".to_owned());
    }
    Ok(listeners)
}

/// `PROJECT/STORE`; ALB wants the store's name to begin with `alb_`.
pub(super) fn access_log(text: &str) -> Result<Option<(String, String)>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let parts =
        text.split_once('/').filter(|(project, store)| !project.is_empty() && store.starts_with("alb_"));
    let parts = parts
        .ok_or_else(|| format!("`{text}` is no `PROJECT/STORE` with a store that begins with `alb_`"))?;
    Ok(Some((parts.0.to_owned(), parts.1.to_owned())))
}

#[cfg(test)]
mod tests;
