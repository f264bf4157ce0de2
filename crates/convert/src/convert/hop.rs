//! The hop: what ALB can't say goes from ALB to net-alb's gateway in the cluster, which evaluates the same KIngress.
//!
//! A rule whose *action* ALB can't say keeps its conditions and forwards to the gateway. A rule whose *conditions* ALB can't say is left
//! out, and the next rules that could take its requests go to the gateway instead, down to the first one that takes all of them; where
//! there is none, a rule for everything else of the host is added. A rule that leads to the gateway is left out where a later one leads
//! its requests there as well: ALB's rules cost, the gateway's don't.

use super::assemble::{MOST_ACTIONS, MOST_CONDITIONS};
use super::backends::MOST_TARGETS;
use super::blocks::{Block, Hosts};
use super::headers::{Headers, is_insert_beyond_alb, is_match_beyond_alb, texts};
use super::overlap::{Shape, shapes};
use super::paths::Prefix;
use super::rule::{Action, Forward, Matches, Origin, Reason, Rule, Target};
use super::{Conversion, codes};
use net_alb_api::config::{AddressType, Hop};
use net_alb_api::hop;
use net_alb_diag::{Diagnostic, Place};

/// Leads to the gateway what ALB can't say of blocks that go on a load balancer of this kind, if that is asked for.
pub(super) fn through_gateway(
    conversion: &mut Conversion<'_>,
    blocks: &mut [Block],
    address_type: AddressType,
) {
    if !conversion.settings.hops() {
        return;
    }
    for block in blocks {
        let rules = std::mem::take(&mut block.rules);
        let plan = Plan::of(conversion, &rules, block.hosts != Hosts::Any);
        report_neighbours(conversion, &rules, &plan);
        block.rules = plan.carry_out(rules, address_type);
    }
}

/// Whether a rule leads to the gateway.
pub(super) fn is_hop(rule: &Rule) -> bool {
    matches!(&rule.action, Action::Forward(forward) if forward.targets.iter().any(|t| t.service == hop::SERVICE))
}

/// What becomes of the rules of a block, by their index.
struct Plan {
    hops: Vec<bool>,
    left_out: Vec<bool>,
    /// Rules that hop only for the sake of an earlier one, which ALB can't tell apart.
    neighbours: Vec<(usize, usize)>,
    /// A rule that needs one for everything else of the host.
    rest_for: Option<usize>,
}

impl Plan {
    fn of(conversion: &Conversion<'_>, rules: &[Rule], has_host: bool) -> Plan {
        let all = conversion.settings.hop == Hop::Always;
        let forwards = |rule: &Rule| matches!(rule.action, Action::Forward(_));
        let left_out: Vec<bool> =
            rules.iter().map(|rule| are_conditions_beyond_alb(rule, has_host)).collect();
        let is_hop = |(rule, left_out): (&Rule, &bool)| {
            *left_out || (forwards(rule) && (all || is_action_beyond_alb(rule)))
        };
        let hops = rules.iter().zip(&left_out).map(is_hop).collect();
        let mut plan = Plan { hops, left_out, neighbours: Vec::new(), rest_for: None };
        let shapes = shapes(&rules.iter().collect::<Vec<_>>());
        plan.lead_neighbours(rules, &shapes);
        plan.leave_out_repetition(&shapes);
        plan
    }

    /// Leads to the gateway what could take the requests of rules that ALB can't ask for.
    fn lead_neighbours(&mut self, rules: &[Rule], shapes: &[Shape<'_>]) {
        for index in (0..shapes.len()).filter(|index| self.left_out[*index]).collect::<Vec<_>>() {
            let mut is_taken = false;
            for later in index + 1..shapes.len() {
                let is_redirect = rules[later].action == Action::RedirectToHttps;
                if is_taken || is_redirect || self.left_out[later] || !shapes[index].overlaps(&shapes[later])
                {
                    continue;
                }
                if !std::mem::replace(&mut self.hops[later], true) {
                    self.neighbours.push((later, index));
                }
                is_taken = shapes[later].covers(&shapes[index]);
            }
            if !is_taken {
                self.rest_for = self.rest_for.or(Some(index));
            }
        }
    }

    /// Leaves out rules to the gateway whose requests the next rules lead there as well.
    fn leave_out_repetition(&mut self, shapes: &[Shape<'_>]) {
        for index in 0..shapes.len() {
            let takes = |later: &usize| shapes[index].overlaps(&shapes[*later]);
            let decides = |later: &usize| !self.hops[*later] || shapes[*later].covers(&shapes[index]);
            let next = (index + 1..shapes.len()).filter(takes).find(decides);
            let is_led = next.map_or(self.rest_for.is_some(), |next| self.hops[next]);
            self.left_out[index] |= self.hops[index] && is_led;
        }
    }

    fn carry_out(self, rules: Vec<Rule>, address_type: AddressType) -> Vec<Rule> {
        let rest = self.rest_for.map(|index| Rule {
            name: "forward-rest".to_owned(),
            origin: Origin::path(rules[index].origin.place.clone()),
            reason: Reason::Weight,
            path: Prefix::everything(),
            matches: Matches::default(),
            action: to_gateway(address_type),
        });
        let kept = rules.into_iter().enumerate().filter(|(index, _)| !self.left_out[*index]);
        let led =
            kept.map(
                |(index, rule)| {
                    if self.hops[index] { Rule { action: to_gateway(address_type), ..rule } } else { rule }
                },
            );
        led.chain(rest).collect()
    }
}

/// A plain forward: the gateway sets headers and rewrites hosts by itself.
fn to_gateway(address_type: AddressType) -> Action {
    let target = Target {
        service: hop::SERVICE.to_owned(),
        port: hop::port(address_type),
        weight: 100,
        headers: Headers::default(),
    };
    Action::Forward(Forward { headers: Headers::default(), rewrite_host: None, targets: vec![target] })
}

/// Whether ALB can't do what the rule does.
fn is_action_beyond_alb(rule: &Rule) -> bool {
    let Action::Forward(Forward { headers, rewrite_host, targets }) = &rule.action else { return false };
    targets.len() > MOST_TARGETS
        || (targets.len() > 1 && targets.iter().any(|target| !target.headers.is_empty()))
        || headers.len() + usize::from(rewrite_host.is_some()) + 1 > MOST_ACTIONS
        || headers.iter().any(|(name, value)| is_insert_beyond_alb(name, value))
}

/// Whether ALB can't ask for what the rule asks for.
fn are_conditions_beyond_alb(rule: &Rule, has_host: bool) -> bool {
    rule.path.is_beyond_alb()
        || rule.matches.len() + 1 + usize::from(has_host) > MOST_CONDITIONS
        || is_match_beyond_alb(&rule.matches)
        || texts(&rule.matches).any(|text| text.contains(['*', '?']))
}

fn report_neighbours(conversion: &mut Conversion<'_>, rules: &[Rule], plan: &Plan) {
    for (later, earlier) in &plan.neighbours {
        let place = |index: usize| rules[index].origin.place.clone();
        let message =
            "these requests go through net-alb's gateway too: ALB can't tell another rule's from them";
        let other = Place::Field { object: conversion.object.clone(), path: place(*earlier) };
        let code = &codes::HOP_OF_NEIGHBOUR;
        let diagnostic = Diagnostic::new(
            code,
            conversion.object.clone(),
            place(*later),
            rules[*later].origin.say(message),
        );
        conversion.push(diagnostic.related(other, "the rule that ALB can't tell apart").help(code.fix));
    }
}
