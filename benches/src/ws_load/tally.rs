//! What the clients have seen.

use std::time::Duration;

use hdrhistogram::{CreationError, Histogram};

/// Longer latencies count as this one, in microseconds.
const LONGEST: u64 = 60_000_000;

/// What all clients together have seen since the tally was begun.
#[derive(Debug)]
pub(crate) struct Tally {
    pub(crate) deliveries: u64,
    /// Left out: a later one has come, or the client was disconnected.
    pub(crate) lost: u64,
    pub(crate) repeated: u64,
    /// Of each delivery, in microseconds.
    latencies: Histogram<u64>,
}

impl Tally {
    pub(crate) fn new() -> Result<Self, CreationError> {
        Ok(Self {
            deliveries: 0,
            lost: 0,
            repeated: 0,
            latencies: Histogram::new_with_bounds(1, LONGEST, 2)?,
        })
    }

    /// Counts from zero again.
    pub(crate) fn restart(&mut self) {
        self.latencies.reset();
        (self.deliveries, self.lost, self.repeated) = (0, 0, 0);
    }

    /// Counts event `seq` for a client that expects the event `expected`, and gives the one that it expects next.
    pub(crate) fn count(&mut self, seq: u64, expected: u64, latency: u64) -> u64 {
        if seq < expected {
            self.repeated += 1;
            return expected;
        }
        self.deliveries += 1;
        self.lost += seq - expected;
        self.latencies.saturating_record(latency);
        seq + 1
    }

    /// Gives the latency that a share of the deliveries, 0.99 for one, stay within.
    pub(crate) fn latency(&self, share: f64) -> Duration {
        Duration::from_micros(self.latencies.value_at_quantile(share))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts `seqs` for one client.
    fn tally(seqs: &[u64]) -> Tally {
        let mut tally = Tally::new().unwrap();
        seqs.iter()
            .fold(0, |expected, &seq| tally.count(seq, expected, seq * 1_000));
        tally
    }

    #[test]
    fn events_in_order_are_deliveries() {
        let tally = tally(&[0, 1, 2]);
        let counts = (tally.deliveries, tally.lost, tally.repeated);
        assert_eq!(counts, (3, 0, 0));
    }

    #[test]
    fn gaps_are_losses_and_returns_are_repetitions() {
        let tally = tally(&[0, 3, 3, 1, 4]);
        let counts = (tally.deliveries, tally.lost, tally.repeated);
        assert_eq!(counts, (3, 2, 2));
    }

    #[test]
    fn latencies_are_right_to_a_hundredth() {
        let tally = tally(&(0..1_000).collect::<Vec<_>>());
        let median = tally.latency(0.5).as_secs_f64();
        assert!((0.495..0.505).contains(&median), "{median}");
    }

    #[test]
    fn tally_that_restarts_has_seen_nothing() {
        let mut tally = tally(&[0, 5, 5]);
        tally.restart();
        let counts = (tally.deliveries, tally.lost, tally.repeated);
        assert_eq!(counts, (0, 0, 0));
        assert_eq!(tally.latency(0.99), Duration::ZERO);
    }
}
