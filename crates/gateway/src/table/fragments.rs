use net_alb_model::{
    Action, Alb, Fragment, FragmentListener, Listener, ObjectKey, Rule, ServerGroup, ServerGroupId,
};
use std::collections::{BTreeMap, BTreeSet};

/// What each Ingress adds to a load balancer: the parts that it was merged from, less certificates, which tables don't
/// look at. A server group is in the fragments whose rules forward to it.
pub fn fragments(alb: &Alb) -> BTreeMap<ObjectKey, Fragment> {
    let groups: BTreeMap<_, _> = alb.server_groups.iter().map(|group| (&group.id, group)).collect();
    let mut rules: BTreeMap<&ObjectKey, Vec<(&Listener, &Rule)>> = BTreeMap::new();
    for listener in &alb.listeners {
        for rule in &listener.rules {
            rules.entry(&rule.priority.ingress).or_default().push((listener, rule));
        }
    }
    rules
        .into_iter()
        .map(|(ingress, rules)| (ingress.clone(), fragment(alb, ingress, &rules, &groups)))
        .collect()
}

fn fragment(
    alb: &Alb,
    ingress: &ObjectKey,
    rules: &[(&Listener, &Rule)],
    groups: &BTreeMap<&ServerGroupId, &ServerGroup>,
) -> Fragment {
    let listeners = rules.chunk_by(|(one, _), (other, _)| one.id == other.id).map(|rules| FragmentListener {
        id: rules[0].0.id,
        rules: rules.iter().map(|(_, rule)| (*rule).clone()).collect(),
        certificate_secrets: Vec::new(),
    });
    let used: BTreeSet<_> = rules.iter().flat_map(|(_, rule)| targets(rule)).collect();
    Fragment {
        ingress: ingress.clone(),
        alb: alb.name.clone(),
        listeners: listeners.collect(),
        server_groups: used
            .into_iter()
            .filter_map(|id| groups.get(id).map(|group| (*group).clone()))
            .collect(),
    }
}

fn targets(rule: &Rule) -> impl Iterator<Item = &ServerGroupId> {
    let targets = rule.actions.iter().flat_map(|action| match action {
        Action::ForwardGroup { targets, .. } => targets.as_slice(),
        _ => &[],
    });
    targets.map(|target| &target.server_group)
}
