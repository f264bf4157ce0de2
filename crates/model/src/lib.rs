//! Stage 2: Ingresses and AlbConfigs become a load balancer, named as ALB's documentation names things.
//!
//! An [`Alb`] has [`Listener`]s; a listener has [`Rule`]s in the order in which it tries them; a rule has
//! [`Condition`]s that must all hold and [`Action`]s that end in a final one; a forward picks a [`ServerGroup`] by weight.
//!
//! The unit of work is one Ingress: it becomes a [`Fragment`], and an [`Alb`] is its AlbConfig's listeners with the
//! fragments' rules merged by [`Priority`], which nothing renumbers.
//!
//! This crate is pure, and it is all that a data plane sees: no Ingress, no annotation gets past it.

mod action;
mod alb;
mod bootstrap;
mod build;
mod class;
mod condition;
mod fragment;
mod frame;
mod limit;
mod lint;
mod merge;
mod paths;
mod quota;
mod review;
mod rule;
mod server_group;
mod shadow;
mod site;

pub use net_alb_api::ObjectKey;
pub use net_alb_api::config::AddressType;

pub use bootstrap::{Wanted, implicit_alb_config, wanted_alb_config, wanted_ingress_class};
pub use build::build;
pub use class::{CONTROLLER, alb_config_name};
pub use fragment::{Context, Peers, fragment, is_canary, order_of};
pub use frame::frame;
pub use limit::Limits;
pub use merge::{listener_conflict, merge};
pub use quota::{Quota, Usage, Used, quota, servers};
pub use review::{
    Origins, Review, explicit_order, missing_alb_config, same_order, service_annotations, shadowed,
};
pub use shadow::{Claim, Shadow, claims, shadows};

pub use action::{Action, Cors, FixedResponse, HeaderValue, Redirect, Rewrite, SystemValue, Target};
pub use alb::{
    Alb, DefaultAction, Edition, Fragment, FragmentListener, Listener, ListenerDefaults, ListenerId,
    Protocol, XForwardedFor,
};
pub use condition::{Condition, KeyPattern, Pattern, StatusRange};
pub use rule::{Direction, Priority, Rule, RuleId};
pub use server_group::{
    Backend, BackendProtocol, HealthCheck, Scheduler, ServerGroup, ServerGroupId, Stickiness,
};
