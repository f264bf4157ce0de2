use kube::runtime::utils::Backoff;
use std::time::Duration;

/// How long a watch that broke off waits before it is tried again: twice as long after each try, up to two seconds. With kube's own
/// half a minute and more, an API server that comes back after a minute would be without us for another one.
#[derive(Debug)]
pub(crate) struct Patience(Duration);

const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(2);

impl Default for Patience {
    fn default() -> Self {
        Patience(FIRST)
    }
}

impl Iterator for Patience {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let wait = self.0;
        self.0 = (wait * 2).min(LONGEST);
        Some(wait)
    }
}

impl Backoff for Patience {
    fn reset(&mut self) {
        *self = Patience::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_to_two_seconds_and_begins_anew() {
        let mut patience = Patience::default();
        let waits: Vec<_> = patience.by_ref().take(5).map(|wait| wait.as_millis()).collect();
        assert_eq!(waits, [250, 500, 1000, 2000, 2000]);
        patience.reset();
        assert_eq!(patience.next(), Some(FIRST));
    }
}
