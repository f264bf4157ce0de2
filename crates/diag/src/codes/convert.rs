//! NA11xx, stage 1: KIngress to Ingresses, and the settings.

mod gray;
mod kingress;
mod limit;
mod settings;

pub use gray::*;
pub use kingress::*;
pub use limit::*;
pub use settings::*;

use crate::Code;

/// All of this stage, by id.
pub(super) const ALL: &[&Code] = &[
    &INCOMPLETE,
    &INVALID_HOST,
    &INVALID_PATH,
    &INVALID_PERCENT,
    &FOREIGN_SERVICE,
    &UNKNOWN_PORT,
    &INVALID_HEADER,
    &INVALID_HTTP_OPTION,
    &FOREIGN_SECRET,
    &AMBIGUOUS_SPLIT,
    &UNREADABLE_TAG_HOSTS,
    &MISSING_SECRET,
    &REDIRECT_WITHOUT_CERTIFICATE,
    &HEADER_SET_TWICE,
    &UNREACHABLE_RULE,
    &IDLE_ANNOTATION,
    &ARTICLE_FORM_LOSES,
    &TOO_MANY_TARGETS,
    &TOO_MANY_CONDITIONS,
    &TOO_MANY_ACTIONS,
    &LITERAL_WILDCARD,
    &MATCH_BEYOND_ALB,
    &HEADER_BEYOND_ALB,
    &PATH_BEYOND_ALB,
    &SPLIT_HEADERS_ON_ALB,
    &HOP_OF_NEIGHBOUR,
    &UNREADABLE_GRAY_RULES,
    &INVALID_GRAY_RULE,
    &UNKNOWN_GRAY_TARGET,
    &IDLE_GRAY_RULES,
    &COOKIE_CASE,
    &BAD_SETTING,
    &UNKNOWN_SETTING,
    &SECOND_CONFIG_MAP,
    &BAD_VSWITCHES,
    &NO_LOAD_BALANCER,
];
