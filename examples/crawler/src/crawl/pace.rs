//! How fast one host or address is asked: a state machine that is told the time.

use std::time::Duration;

use tokio::time::Instant;

/// A wait so short that it is not worth to line up again for it.
pub(super) const MOMENT: Duration = Duration::from_millis(20);

/// The shortest penalty: what comes after the first trouble.
const FIRST_PENALTY: Duration = Duration::from_secs(1);

/// Penalties below this are over.
const LEAST_PENALTY: Duration = Duration::from_millis(50);

/// How much a new latency counts in the mean: a quarter.
const WEIGHT: u32 = 4;

/// What all paces have in common.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Policy {
    /// How many times its own latency a server is left alone between two requests; 0 to learn nothing from it.
    pub(crate) factor: f64,
    /// The longest pause that a server is granted, whatever it asks for.
    pub(crate) longest: Duration,
}

/// The pace of requests to one server.
#[derive(Debug, Clone)]
pub(super) struct Pace {
    /// Between the starts of two requests, at least.
    delay: Duration,
    /// The mean of the last ones.
    latency: Option<Duration>,
    /// Grows with each trouble, and shrinks with each answer.
    penalty: Duration,
    /// When the next request may be sent; none if it never had to wait.
    next: Option<Instant>,
    /// When the last one was sent, as far as that matters.
    last: Option<Instant>,
}

impl Pace {
    pub(super) fn new(delay: Duration) -> Self {
        Self {
            delay,
            latency: None,
            penalty: Duration::ZERO,
            next: None,
            last: None,
        }
    }

    /// The pause between two requests, as far as is known.
    pub(super) fn pause(&self, policy: Policy) -> Duration {
        let latency = self.latency.unwrap_or_default();
        let learnt = latency.mul_f64(policy.factor).min(policy.longest);
        self.delay.max(learnt).max(self.penalty)
    }

    /// Tells whether requests ever had to wait for each other, or for a rest.
    pub(super) fn is_set_apart(&self) -> bool {
        self.next.is_some()
    }

    /// How long to wait until the next request may be sent.
    pub(super) fn wait(&self, now: Instant) -> Duration {
        self.next
            .map_or(Duration::ZERO, |next| next.saturating_duration_since(now))
    }

    /// The mean latency of the last answers.
    pub(super) fn latency(&self) -> Option<Duration> {
        self.latency
    }

    /// Takes the turn to send a request now.
    ///
    /// # Errors
    ///
    /// When to try again, if it is too early.
    pub(super) fn claim(&mut self, policy: Policy, now: Instant) -> Result<(), Instant> {
        if let Some(next) = self.next
            && now < next
        {
            return Err(next);
        }
        self.last = Some(now);
        let pause = self.pause(policy);
        if !pause.is_zero() {
            self.next = Some(later(now, pause));
        }
        Ok(())
    }

    /// Asks for longer pauses from now on, counted from the last request.
    pub(super) fn slow_to(&mut self, delay: Duration) {
        self.delay = self.delay.max(delay);
        if let Some(last) = self.last {
            self.keep_from(last, self.delay);
        }
    }

    /// Keeps the next request at least so far from `since`.
    fn keep_from(&mut self, since: Instant, pause: Duration) {
        if !pause.is_zero() {
            self.next = self.next.max(Some(later(since, pause)));
        }
    }

    /// Hears that an answer has come, and when.
    ///
    /// The server may have seen the request only then, however early its turn was: so the pause counts from there.
    pub(super) fn answered(&mut self, policy: Policy, at: Instant) {
        self.keep_from(at, self.pause(policy));
    }

    /// Leaves the server alone for a while, as it asks for, but not for longer than a server is granted.
    pub(super) fn rest(&mut self, policy: Policy, asked: Duration, now: Instant) {
        self.next = self.next.max(Some(later(now, asked.min(policy.longest))));
    }

    /// Learns from an answer, and forgives half of what went wrong before.
    pub(super) fn succeed(&mut self, policy: Policy, latency: Duration) {
        if policy.factor <= 0.0 {
            return;
        }
        self.latency = Some(match self.latency {
            Some(mean) => (mean * (WEIGHT - 1) + latency) / WEIGHT,
            None => latency,
        });
        self.penalty /= 2;
        if self.penalty < LEAST_PENALTY {
            self.penalty = Duration::ZERO;
        }
        if let Some(last) = self.last {
            self.keep_from(last, self.pause(policy));
        }
    }

    /// Learns from trouble: pauses are twice as long, until answers come again.
    pub(super) fn fail(&mut self, policy: Policy, now: Instant) {
        self.keep_from(now, self.pause(policy));
        if policy.factor <= 0.0 {
            return;
        }
        let doubled = self.pause(policy).saturating_mul(2);
        self.penalty = doubled.max(FIRST_PENALTY).min(policy.longest);
        self.next = self.next.max(Some(later(now, self.penalty)));
    }
}

/// An instant so much later, or one that will not come.
fn later(now: Instant, pause: Duration) -> Instant {
    const FAR: Duration = Duration::from_hours(24 * 365 * 30);
    now + pause.min(FAR)
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: Policy = Policy {
        factor: 2.0,
        longest: Duration::from_secs(30),
    };

    fn millis(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn requests_are_a_delay_apart() {
        let start = Instant::now();
        let mut pace = Pace::new(millis(100));
        assert_eq!(pace.claim(POLICY, start), Ok(()));
        let next = start + millis(100);
        assert_eq!(pace.claim(POLICY, start + millis(99)), Err(next));
        assert_eq!(pace.wait(start + millis(40)), millis(60));
        // From when the last was sent, not from when it might have been.
        assert_eq!(pace.claim(POLICY, start + millis(150)), Ok(()));
        let next = start + millis(250);
        assert_eq!(pace.claim(POLICY, start + millis(249)), Err(next));
    }

    #[test]
    fn what_was_held_up_on_its_way_holds_up_the_next() {
        let off = Policy {
            factor: 0.0,
            ..POLICY
        };
        let start = Instant::now();
        let mut pace = Pace::new(millis(100));
        assert_eq!(pace.claim(off, start), Ok(()));
        pace.answered(off, start + millis(25));
        assert_eq!(pace.wait(start), millis(125));
    }

    #[test]
    fn a_longer_delay_counts_from_the_last_request() {
        let start = Instant::now();
        let mut pace = Pace::new(Duration::ZERO);
        assert_eq!(pace.claim(POLICY, start), Ok(()));
        pace.slow_to(millis(5000));
        assert_eq!(pace.wait(start + millis(1000)), millis(4000));
        pace.slow_to(millis(2000));
        assert_eq!(pace.pause(POLICY), millis(5000), "never shortened");
    }

    #[test]
    fn slow_servers_are_asked_less_often() {
        let mut pace = Pace::new(millis(250));
        pace.succeed(POLICY, millis(100));
        assert_eq!(pace.pause(POLICY), millis(250));
        pace.succeed(POLICY, millis(900));
        assert_eq!(pace.latency(), Some(millis(300)));
        assert_eq!(pace.pause(POLICY), millis(600));
        for _ in 0..50 {
            pace.succeed(POLICY, millis(100));
        }
        assert_eq!(pace.pause(POLICY), millis(250), "it recovers");
        pace.succeed(POLICY, Duration::from_hours(1));
        assert_eq!(pace.pause(POLICY), POLICY.longest);
    }

    #[test]
    fn trouble_doubles_the_pause_and_answers_halve_it() {
        let start = Instant::now();
        let mut pace = Pace::new(millis(250));
        let mut pauses = Vec::new();
        for _ in 0..7 {
            pace.fail(POLICY, start);
            pauses.push(pace.pause(POLICY).as_secs());
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30]);
        assert_eq!(pace.wait(start).as_secs(), POLICY.longest.as_secs());
        pauses.clear();
        for _ in 0..5 {
            pace.succeed(POLICY, millis(10));
            pauses.push(pace.pause(POLICY).as_secs());
        }
        assert_eq!(pauses, [15, 7, 3, 1, 0]);
        for _ in 0..5 {
            pace.succeed(POLICY, millis(10));
        }
        assert_eq!(pace.pause(POLICY), millis(250));
    }

    #[test]
    fn nothing_is_learnt_if_it_is_not_wanted() {
        let start = Instant::now();
        let off = Policy {
            factor: 0.0,
            ..POLICY
        };
        let mut pace = Pace::new(Duration::ZERO);
        pace.fail(off, start);
        pace.succeed(off, Duration::from_secs(9));
        assert_eq!((pace.pause(off), pace.wait(start)), Default::default());
        pace.rest(off, Duration::from_hours(1), start);
        assert_eq!(
            pace.wait(start),
            off.longest,
            "what a server asks for counts"
        );
    }
}
