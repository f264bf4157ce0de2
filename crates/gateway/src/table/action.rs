use super::cors::CorsPolicy;
use super::edits::{BadEdit, Edit, HeaderEdits, is_header_value};
use super::limit::TrafficLimit;
use super::split::Splitter;
use super::template::Template;
use crate::endpoints::{Endpoints, Registry};
use crate::metrics::revision::{RevisionKey, RevisionTrack};
use net_alb_diag::{Code, codes};
use net_alb_model::{
    Action, BackendProtocol, Cors, Direction, FixedResponse, HeaderValue, ObjectKey, Redirect, Rewrite, Rule,
    Scheduler, ServerGroup, ServerGroupId, Target,
};
use smallvec::SmallVec;
use std::sync::Arc;

/// What a rule does, worked out beforehand.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) limit: Option<Arc<TrafficLimit>>,
    pub(crate) cors: Option<Box<CorsPolicy>>,
    pub(crate) end: End,
}

/// How a rule ends.
#[derive(Debug)]
pub(crate) enum End {
    Forward(Forward),
    Redirect(Box<RedirectPlan>),
    Fixed(Box<FixedResponse>),
    /// Response rules only: the answer goes on, edited.
    Edit(HeaderEdits),
}

/// To one target by weight.
#[derive(Debug)]
pub(crate) struct Forward {
    pub(crate) rewrite: Option<Box<RewritePlan>>,
    pub(crate) split: Splitter,
    /// Two as a rule, so they are in the rule's own memory.
    pub(crate) targets: SmallVec<[TargetPlan; 2]>,
}

/// A target and what is done to requests on their way there.
#[derive(Debug)]
pub(crate) struct TargetPlan {
    /// None where the gateway can't send anything there.
    pub(crate) endpoints: Option<Arc<Endpoints>>,
    pub(crate) keepalive: bool,
    /// The rule's own edits and the target's.
    pub(crate) edits: HeaderEdits,
    pub(crate) protocol: BackendProtocol,
    /// Where its requests are counted.
    pub(crate) track: RevisionTrack,
}

/// `None` is "as it is".
#[derive(Debug)]
pub(crate) struct RewritePlan {
    pub(crate) host: Option<Template>,
    pub(crate) path: Option<Template>,
    pub(crate) query: Option<Template>,
}

#[derive(Debug)]
pub(crate) struct RedirectPlan {
    pub(crate) status: u16,
    pub(crate) protocol: Template,
    pub(crate) host: Template,
    pub(crate) port: Template,
    pub(crate) path: Template,
    pub(crate) query: Template,
}

/// Something to say about an action: the code, the message, what to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Remark(pub(crate) &'static Code, pub(crate) String);

/// What actions are compiled with.
pub(crate) struct Groups<'a> {
    pub(crate) all: &'a [ServerGroup],
    pub(crate) registry: &'a Registry,
    /// The Ingress, if its targets are counted by themselves.
    pub(crate) tracked: Option<&'a ObjectKey>,
}

impl Plan {
    /// Compiles the actions of a rule. `Err` is what makes the whole rule unusable; remarks are about the rest.
    pub(crate) fn new(rule: &Rule, groups: &Groups<'_>, remarks: &mut Vec<Remark>) -> Result<Plan, Remark> {
        let mut plan = Gathered::default();
        for action in &rule.actions {
            plan.gather(action, remarks)?;
        }
        let end = match (plan.last, rule.direction) {
            (Some(Action::FixedResponse(fixed)), _) => fixed_response(fixed)?,
            (_, Direction::Response) => End::Edit(HeaderEdits::new(&plan.edits)),
            (Some(Action::Redirect(redirect)), _) => redirect_plan(redirect)?,
            (Some(Action::ForwardGroup { targets, sticky_seconds }), _) => {
                if sticky_seconds.is_some() {
                    remarks.push(Remark(
                        &codes::gateway::STICKINESS_NOT_SERVED,
                        "the target is chosen for every request anew: sticky sessions of server groups aren't served"
                            .to_owned(),
                    ));
                }
                let own = (plan.edits.as_slice(), HeaderEdits::new(&plan.edits));
                End::Forward(Forward {
                    rewrite: plan.rewrite,
                    split: Splitter::new(targets.iter().map(|target| target.weight)),
                    targets: targets
                        .iter()
                        .map(|target| TargetPlan {
                            track: track(rule, target, groups),
                            ..target_plan(target, &own, groups, remarks)
                        })
                        .collect(),
                })
            }
            _ => {
                let message = "it has no final action: none of ForwardGroup, Redirect and FixedResponse";
                return Err(Remark(&codes::build::NO_FINAL_ACTION, message.to_owned()));
            }
        };
        Ok(Plan { limit: plan.limit, cors: plan.cors, end })
    }

    /// Goes on where an older version of the same rule is: its place in the split, its count of requests.
    pub(crate) fn continue_from(&mut self, old: &Plan) {
        if let (End::Forward(new), End::Forward(old)) = (&mut self.end, &old.end) {
            new.split.continue_from(&old.split);
        }
        if let (Some(new), Some(old)) = (&mut self.limit, &old.limit)
            && new.same_limits(old)
        {
            *new = Arc::clone(old);
        }
    }
}

/// The actions of a rule, sorted by what they are.
#[derive(Default)]
struct Gathered<'a> {
    limit: Option<Arc<TrafficLimit>>,
    cors: Option<Box<CorsPolicy>>,
    rewrite: Option<Box<RewritePlan>>,
    edits: Vec<Edit>,
    last: Option<&'a Action>,
}

impl<'a> Gathered<'a> {
    fn gather(&mut self, action: &'a Action, remarks: &mut Vec<Remark>) -> Result<(), Remark> {
        match action {
            Action::TrafficLimit { qps, per_ip_qps } => {
                self.limit = Some(Arc::new(TrafficLimit::new(*qps, *per_ip_qps)));
            }
            Action::InsertHeader { key, value } => self.edit(Edit::Set(key.clone(), value.clone()), remarks),
            Action::RemoveHeader { key } => self.edit(Edit::Remove(key.clone()), remarks),
            Action::Rewrite(rewrite) => self.rewrite = Some(Box::new(rewrite_plan(rewrite)?)),
            Action::Cors(cors) => self.cors = Some(Box::new(cors_policy(cors)?)),
            Action::TrafficMirror { .. } => remarks.push(Remark(
                &codes::gateway::TRAFFIC_MIRROR_NOT_SERVED,
                "requests aren't mirrored: the gateway has no server groups by id".to_owned(),
            )),
            Action::ForwardGroup { .. } | Action::Redirect(_) | Action::FixedResponse(_) => {
                self.last = Some(action);
            }
        }
        Ok(())
    }

    fn edit(&mut self, edit: Edit, remarks: &mut Vec<Remark>) {
        if let Some(edit) = checked(edit, remarks) {
            self.edits.push(edit);
        }
    }
}

/// The edit, if it can be made.
fn checked(edit: Edit, remarks: &mut Vec<Remark>) -> Option<Edit> {
    let (verb, name) = match &edit {
        Edit::Set(name, _) => ("set", name),
        Edit::Remove(name) => ("removed", name),
    };
    let why = match edit.check() {
        Ok(()) => return Some(edit),
        Err(BadEdit::Untouchable) => "it frames or routes the message",
        Err(BadEdit::NoHeaderName) => "that is no header name",
        Err(BadEdit::ControlCharacter) => "its value has a control character",
    };
    let message = format!("header `{}` can't be {verb}: {why}", name.escape_debug());
    remarks.push(Remark(&codes::gateway::HEADER_EDIT_REFUSED, message));
    None
}

fn target_plan(
    target: &Target,
    (rule_edits, compiled): &(&[Edit], HeaderEdits),
    groups: &Groups<'_>,
    remarks: &mut Vec<Remark>,
) -> TargetPlan {
    let set =
        |(name, value): (&String, &String)| Edit::Set(name.clone(), HeaderValue::UserDefined(value.clone()));
    // The rule's own edits come last and win, as in Kourier, where Envoy's route comes after its weighted cluster.
    let own: Vec<_> = target.headers.iter().map(set).filter_map(|edit| checked(edit, remarks)).collect();
    let edits = match own.as_slice() {
        [] => compiled.clone(),
        own => HeaderEdits::new(&[own, rule_edits].concat()),
    };
    let group = groups.all.iter().find(|group| group.id == target.server_group);
    if let Some(group) = group {
        remark_on_group(group, remarks);
    }
    let endpoints = match &target.server_group {
        ServerGroupId::Service { backend, .. } => Some(groups.registry.cell(backend)),
        ServerGroupId::External(id) => {
            let message = format!(
                "server group `{id}` exists only at Alibaba Cloud: its share of the requests gets 503"
            );
            remarks.push(Remark(&codes::gateway::EXTERNAL_SERVER_GROUP, message));
            None
        }
    };
    let protocol = group.map_or(BackendProtocol::Http, |group| group.protocol);
    let keepalive = group.is_none_or(|group| group.keepalive);
    TargetPlan { endpoints, keepalive, edits, protocol, track: RevisionTrack::default() }
}

/// Where a target's requests are counted.
fn track(rule: &Rule, target: &Target, groups: &Groups<'_>) -> RevisionTrack {
    match (groups.tracked, &target.server_group) {
        (Some(ingress), ServerGroupId::Service { backend, .. }) => {
            groups.registry.revisions.track(RevisionKey::new(ingress, &backend.service.name, rule))
        }
        _ => RevisionTrack::default(),
    }
}

fn remark_on_group(group: &ServerGroup, remarks: &mut Vec<Remark>) {
    let id = &group.id;
    let mut remark = |code, message| {
        let remark = Remark(code, message);
        if !remarks.contains(&remark) {
            remarks.push(remark);
        }
    };
    if group.stickiness.is_some() {
        remark(
            &codes::gateway::STICKINESS_NOT_SERVED,
            format!(
                "servers of group `{id}` are chosen for every request anew: sticky sessions aren't served"
            ),
        );
    }
    if group.scheduler != Scheduler::Wrr {
        remark(
            &codes::gateway::SCHEDULER_NOT_SERVED,
            format!("servers of group `{id}` are chosen in turn: no other scheduler is served"),
        );
    }
    if group.health_check.is_some() {
        remark(
            &codes::gateway::HEALTH_CHECK_NOT_SERVED,
            format!("servers of group `{id}` aren't checked: ready endpoints get requests"),
        );
    }
}

fn fixed_response(fixed: &FixedResponse) -> Result<End, Remark> {
    let problem = match fixed.status {
        200..=299 | 400..=599 if is_header_value(&fixed.content_type) => {
            return Ok(End::Fixed(Box::new(fixed.clone())));
        }
        200..=299 | 400..=599 => "its content type has a control character".to_owned(),
        status => format!("its fixed response has status {status}, not 2xx, 4xx or 5xx"),
    };
    Err(Remark(&codes::gateway::BAD_FIXED_RESPONSE, problem))
}

fn redirect_plan(redirect: &Redirect) -> Result<End, Remark> {
    if ![301, 302, 303, 307, 308].contains(&redirect.status) {
        let message = format!("it redirects with {}, not 301, 302, 303, 307 or 308", redirect.status);
        return Err(Remark(&codes::gateway::BAD_FIXED_RESPONSE, message));
    }
    // ALB's own controller sends what is left out as "", against ALB's documented defaults.
    let or = |text: &str, default: &str| template(if text.is_empty() { default } else { text });
    Ok(End::Redirect(Box::new(RedirectPlan {
        status: redirect.status,
        protocol: or(&redirect.protocol, "${protocol}")?,
        host: or(&redirect.host, "${host}")?,
        port: or(&redirect.port, "${port}")?,
        path: or(&redirect.path, "${path}")?,
        query: or(&redirect.query, "${query}")?,
    })))
}

fn rewrite_plan(rewrite: &Rewrite) -> Result<RewritePlan, Remark> {
    let unless = |text: &str, same: &str| match text {
        "" => Ok(None),
        text if text == same => Ok(None),
        text => template(text).map(Some),
    };
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b);
    if !rewrite.host.replace("${host}", "").bytes().all(allowed) {
        let message =
            format!("`{}` is no host, with or without `${{host}}` in it", rewrite.host.escape_debug());
        return Err(Remark(&codes::gateway::BAD_TEMPLATE, message));
    }
    if let Some(text) = [&rewrite.path, &rewrite.query].into_iter().find(|text| text.contains('#')) {
        let message = format!("`{}` has a `#`, which can't be in a request", text.escape_debug());
        return Err(Remark(&codes::gateway::BAD_TEMPLATE, message));
    }
    Ok(RewritePlan {
        host: unless(&rewrite.host, "${host}")?,
        path: unless(&rewrite.path, "${path}")?,
        query: unless(&rewrite.query, "${query}")?,
    })
}

fn template(text: &str) -> Result<Template, Remark> {
    let bad = |message| Remark(&codes::gateway::BAD_TEMPLATE, message);
    if text.bytes().any(|b| b <= b' ' || b == 0x7f) {
        return Err(bad(format!("`{}` has a space or a control character", text.escape_debug())));
    }
    Template::parse(text).map_err(|variable| bad(format!("there is no variable `{variable}` in `{text}`")))
}

fn cors_policy(cors: &Cors) -> Result<CorsPolicy, Remark> {
    let texts = [&cors.allow_methods, &cors.allow_headers, &cors.expose_headers];
    match texts.into_iter().flatten().find(|text| !is_header_value(text)) {
        Some(text) => {
            let message = format!("its CORS list has a control character: `{}`", text.escape_debug());
            Err(Remark(&codes::gateway::BAD_FIXED_RESPONSE, message))
        }
        None => CorsPolicy::new(cors)
            .map_err(|error| Remark(&codes::gateway::BAD_REGEX, format!("its CORS origins: {error}"))),
    }
}
