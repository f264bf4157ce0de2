//! One Ingress of a KIngress: how far ALB Ingress Controller is with it.

use super::{Question, Step};
use crate::acknowledgement::{Effect, Problem};
use crate::deliver::objects::{Objects, State};
use net_alb_diag::ObjectRef;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// Without any word of an Ingress Controller for so long it isn't there.
const ABSENT: Duration = Duration::from_mins(10);
/// A load balancer that can't be asked has a new version after so long, if its controller doesn't say that it failed: Alibaba's takes
/// one to three seconds for a change of rules.
const SETTLED: Duration = Duration::from_secs(5);
/// Between two questions: twice as long after each, from the first to the last.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// The reason where something else has to be there first.
pub(super) const DEPENDENCY: &str = "DependencyNotReady";

/// What a load balancer's answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It serves the version that was asked for.
    Serves,
    /// It doesn't yet: what it answered.
    NotYet(String),
    /// It can't be reached, or can't tell.
    Unknown,
}

/// One Ingress of a KIngress.
#[derive(Debug, Clone)]
pub struct Part {
    /// The object, as it is wanted.
    pub content: Arc<Value>,
    /// Whether it is for clients inside only.
    pub is_private: bool,
    /// How to see which version is served.
    pub question: Option<Question>,
    /// When we wrote it; `None` if it was right when we came.
    written: Option<Duration>,
    /// It had no address when it was written: that it gets one says that it was taken.
    is_new: bool,
    settled: bool,
    asking: bool,
    not_before: Duration,
    pause: Duration,
    answer: Option<String>,
    failure: Option<Problem>,
    /// When an Ingress Controller should have said something.
    deadline: Option<Duration>,
    overdue: bool,
}

/// How far it is.
#[derive(Debug)]
pub(super) enum Progress {
    /// In effect, at this load balancer.
    Done(String),
    /// It waits for this; to be looked at again then.
    Waits(Problem, Option<Duration>),
    /// The load balancer has to be asked; until it answers, it waits for this.
    Ask(Box<Step>, Problem),
    /// Nobody cares for it, and that is news.
    Overdue(Problem),
}

impl Part {
    /// An Ingress that is wanted from now on.
    pub fn new(content: Arc<Value>, is_private: bool, question: Option<Question>) -> Part {
        Part {
            content,
            is_private,
            question,
            written: None,
            is_new: false,
            settled: false,
            asking: false,
            not_before: Duration::ZERO,
            pause: Duration::ZERO,
            answer: None,
            failure: None,
            deadline: None,
            overdue: false,
        }
    }

    pub(super) fn replaced_by(self, new: Part) -> Part {
        if self.content == new.content {
            return Part { question: new.question, is_private: new.is_private, ..self };
        }
        Part { deadline: self.deadline, overdue: self.overdue, failure: self.failure, ..new }
    }

    pub(super) fn wrote(&mut self, now: Duration, had_address: bool) {
        (self.written, self.is_new) = (Some(now), !had_address);
        (self.settled, self.asking) = (false, false);
        (self.not_before, self.pause) = (Duration::ZERO, Duration::ZERO);
        (self.answer, self.failure, self.deadline, self.overdue) = (None, None, None, false);
    }

    pub(super) fn event(&mut self, failure: Option<Problem>) {
        if failure.is_none() && self.written.is_some() {
            self.settled = true;
        }
        self.failure = failure;
    }

    pub(super) fn answered(&mut self, written: Duration, verdict: Verdict, now: Duration) {
        if self.written != Some(written) {
            return;
        }
        self.asking = false;
        match verdict {
            Verdict::Serves => {
                self.settled = true;
                self.failure = None;
            }
            Verdict::Unknown if self.is_new || now >= written + SETTLED => self.settled = true,
            Verdict::Unknown => self.not_before = written + SETTLED,
            Verdict::NotYet(answer) => {
                self.answer = Some(answer);
                self.pause = (self.pause * 2).clamp(PAUSES.0, PAUSES.1);
                self.not_before = now + self.pause;
            }
        }
    }

    pub(super) fn progress(&mut self, ingress: &ObjectRef, objects: &Objects, now: Duration) -> Progress {
        if let Some(problem) = unapplied(ingress, objects.state(ingress)) {
            return Progress::Waits(problem, None);
        }
        let found = objects.get(ingress);
        if let Some(failure) = &self.failure {
            return Progress::Waits(failure.clone(), None);
        }
        let Some(address) = found.and_then(|found| address(found)) else {
            return self.pending(ingress, found, now);
        };
        let Some(written) = self.written.filter(|_| !self.settled) else {
            return Progress::Done(address.to_owned());
        };
        let Some(question) = self.question.clone() else {
            if self.is_new || now >= written + SETTLED {
                self.settled = true;
                return Progress::Done(address.to_owned());
            }
            return Progress::Waits(asking(ingress), Some(written + SETTLED));
        };
        let mut problem = asking(ingress);
        if let Some(answer) = &self.answer {
            problem.message = format!("{}: {answer}", problem.message);
        }
        if self.asking || now < self.not_before {
            return Progress::Waits(problem, (!self.asking).then_some(self.not_before));
        }
        self.asking = true;
        let address = address.to_owned();
        let step = Step::Ask { ingress: ingress.clone(), written, address, question };
        Progress::Ask(Box::new(step), problem)
    }

    /// No Ingress Controller has said where it is.
    fn pending(&mut self, ingress: &ObjectRef, found: Option<&Arc<Value>>, now: Duration) -> Progress {
        let deadline = *self.deadline.get_or_insert(now + ABSENT);
        if now < deadline {
            let message = format!("waiting for ALB Ingress Controller to report the address of {ingress}");
            return Progress::Waits(waiting("LoadBalancerPending", message), Some(deadline));
        }
        let class = found.and_then(|found| found["spec"]["ingressClassName"].as_str()).unwrap_or_default();
        let message = format!(
            "no ALB Ingress Controller has cared for {ingress} in 10 minutes: see whether it is installed and runs, whether the IngressClass `{class}` is its, and what the AlbConfig's Events say"
        );
        let problem = waiting("IngressControllerAbsent", message);
        if std::mem::replace(&mut self.overdue, true) {
            Progress::Waits(problem, None)
        } else {
            Progress::Overdue(problem)
        }
    }
}

fn unapplied(ingress: &ObjectRef, state: State<'_>) -> Option<Problem> {
    Some(match state {
        State::Right => return None,
        State::Foreign => Problem {
            effect: Effect::Refused,
            reason: "NotOwned".to_owned(),
            message: format!(
                "{ingress} is there already and isn't net-alb's: it stays as it is and this KIngress isn't served; delete or rename it"
            ),
        },
        State::After(other) => {
            waiting(DEPENDENCY, format!("{ingress} isn't written before {other} is there"))
        }
        State::Pending => waiting("IngressPending", format!("{ingress} is about to be written")),
        State::Refused(error) => {
            waiting("IngressRefused", format!("the API server refuses {ingress}: {error}"))
        }
    })
}

/// What to say while a load balancer is asked.
fn asking(ingress: &ObjectRef) -> Problem {
    waiting(
        "LoadBalancerPending",
        format!("waiting for the load balancer to serve the new version of {ingress}"),
    )
}

fn waiting(reason: &str, message: String) -> Problem {
    Problem { effect: Effect::Waiting, reason: reason.to_owned(), message }
}

/// Where an Ingress is served, by its status: ALB Ingress Controller writes a name and no address.
pub(super) fn address(found: &Value) -> Option<&str> {
    let first = &found["status"]["loadBalancer"]["ingress"][0];
    first["hostname"].as_str().or_else(|| first["ip"].as_str()).filter(|text| !text.is_empty())
}
