use std::time::Duration;

/// How long leadership lasts. The keys are Knative's (knative.dev/pkg `leaderelection/config.go`); the defaults are those of
/// client-go (`leaderelection.LeaseDuration` and so on, as in `kube-controller-manager`), since Knative's 60 s would leave KIngresses
/// without a status for a minute after a leader was killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// `lease-duration`: a holder that hasn't renewed for so long has lost it. Default 15 s.
    pub lease: Duration,
    /// `renew-deadline`: a holder that couldn't renew for so long stops by itself. Default 10 s; shorter than `lease`.
    pub renew_deadline: Duration,
    /// `retry-period`: how often the holder renews. Default 2 s; shorter than `renew_deadline`.
    pub retry: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Timing { lease: seconds(15), renew_deadline: seconds(10), retry: seconds(2) }
    }
}

/// What of a Lease matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Empty: nobody.
    pub holder: String,
    /// How long the holder has asked for.
    pub lease: Duration,
    /// Changes with every write.
    pub version: String,
}

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Write that we hold it.
    Hold,
    /// Look again after so long, or when the Lease changes.
    Wait(Duration),
}

/// One candidate's view of the Lease: pure, told what is seen and what time it is. Times are since any fixed moment on the own
/// clock: other machines' clocks are never compared.
#[derive(Debug)]
pub struct Election {
    me: String,
    timing: Timing,
    seen: Option<(Record, Duration)>,
    renewed: Option<Duration>,
}

impl Election {
    /// A candidate of this name, unique among all.
    pub fn new(me: impl Into<String>, timing: Timing) -> Election {
        Election { me: me.into(), timing, seen: None, renewed: None }
    }

    /// The Lease is so now; `None` if there is none.
    pub fn observe(&mut self, record: Option<Record>, now: Duration) {
        match record {
            Some(record) if self.seen.as_ref().is_some_and(|(seen, _)| *seen == record) => {}
            Some(record) => {
                if record.holder != self.me {
                    self.renewed = None;
                }
                self.seen = Some((record, now));
            }
            None => self.seen = None,
        }
    }

    /// Our own write of the Lease succeeded; it was begun at `begun`.
    pub fn held(&mut self, record: Record, begun: Duration) {
        self.seen = Some((record, begun));
        self.renewed = Some(begun);
    }

    /// Whether we lead.
    pub fn leads(&self, now: Duration) -> bool {
        self.renewed.is_some_and(|renewed| now < renewed + self.timing.renew_deadline)
    }

    /// What to do now.
    pub fn step(&self, now: Duration) -> Step {
        let Some((record, at)) = &self.seen else { return Step::Hold };
        let due = match (record.holder == self.me, self.renewed) {
            (true, Some(renewed)) => renewed + self.timing.retry,
            // Ours from an earlier run under the same name, or nobody's.
            (true, None) => now,
            (false, _) if record.holder.is_empty() => now,
            (false, _) => *at + record.lease,
        };
        match due.checked_sub(now) {
            None | Some(Duration::ZERO) => Step::Hold,
            Some(rest) => Step::Wait(rest),
        }
    }

    /// The record that holds the Lease for us.
    pub fn timing(&self) -> Timing {
        self.timing
    }

    /// Our name.
    pub fn me(&self) -> &str {
        &self.me
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn record(holder: &str, version: &str) -> Record {
        Record { holder: holder.into(), lease: s(60), version: version.into() }
    }

    #[test]
    fn nobodys_lease_is_taken_at_once() {
        let mut election = Election::new("me", Timing::default());
        assert_eq!(election.step(s(0)), Step::Hold);
        election.observe(Some(record("", "1")), s(0));
        assert_eq!(election.step(s(0)), Step::Hold);
        assert!(!election.leads(s(0)), "not before the write has succeeded");
        election.held(record("me", "2"), s(1));
        assert!(election.leads(s(1)));
    }

    #[test]
    fn the_holder_renews_and_stops_when_it_can_not() {
        let mut election = Election::new("me", Timing::default());
        election.held(record("me", "1"), s(0));
        assert_eq!(election.step(s(1)), Step::Wait(s(1)));
        assert_eq!(election.step(s(2)), Step::Hold);
        assert!(election.leads(s(9)));
        assert!(!election.leads(s(10)));
    }

    #[test]
    fn a_follower_waits_for_as_long_as_the_holder_asked() {
        let mut election = Election::new("me", Timing::default());
        election.observe(Some(record("other", "1")), s(5));
        assert_eq!(election.step(s(5)), Step::Wait(s(60)));
        election.observe(Some(record("other", "1")), s(30));
        assert_eq!(election.step(s(30)), Step::Wait(s(35)), "seeing it again renews nothing");
        election.observe(Some(record("other", "2")), s(40));
        assert_eq!(election.step(s(40)), Step::Wait(s(60)));
        assert_eq!(election.step(s(100)), Step::Hold);
    }

    #[test]
    fn whoever_sees_another_holder_leads_no_more() {
        let mut election = Election::new("me", Timing::default());
        election.held(record("me", "1"), s(0));
        election.observe(Some(record("other", "2")), s(1));
        assert!(!election.leads(s(1)));
    }

    #[test]
    fn a_lease_that_is_deleted_is_taken_again() {
        let mut election = Election::new("me", Timing::default());
        election.observe(Some(record("other", "1")), s(0));
        election.observe(None, s(1));
        assert_eq!(election.step(s(1)), Step::Hold);
    }
}
