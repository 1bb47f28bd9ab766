//! What may be done to a crawl that runs, from outside.

use std::time::Duration;

use thalweg::operators::concurrency::Valve;
use tokio_util::sync::{CancellationToken, WaitForCancellationFuture};

/// Pauses a crawl, limits its rate, and stops it. Clones are of the same crawl.
#[derive(Debug, Clone, Default)]
pub struct Control {
    valve: Valve,
    stop: CancellationToken,
}

impl Control {
    /// Begins with a rate, if there is to be a limit.
    pub(super) fn new(rate: Option<f64>) -> Self {
        let control = Self::default();
        control.limit_rate(rate);
        control
    }

    /// What visits have to pass to begin.
    pub(super) fn valve(&self) -> &Valve {
        &self.valve
    }

    /// Begins no visit from now on. Those that are under way come to their end.
    pub fn pause(&self) {
        self.valve.pause();
    }

    /// Goes on after a pause.
    pub fn resume(&self) {
        self.valve.resume();
    }

    /// Tells whether visits are not begun.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.valve.is_paused()
    }

    /// Begins at most so many visits a second, over all hosts; none takes the limit away.
    ///
    /// A rate that is no number above 0 is none.
    pub fn limit_rate(&self, per_second: Option<f64>) {
        let interval = per_second
            .filter(|rate| *rate > 0.0)
            .and_then(|rate| Duration::try_from_secs_f64(rate.recip()).ok());
        self.valve.keep_apart(interval.unwrap_or_default());
    }

    /// The limit of visits a second, if there is one.
    #[must_use]
    pub fn rate_limit(&self) -> Option<f64> {
        let interval = self.valve.interval();
        // As people write it, though it is kept in nanoseconds.
        let rate = (interval.as_secs_f64().recip() * 1e3).round() / 1e3;
        (!interval.is_zero()).then_some(rate)
    }

    /// Asks the crawl to stop, as [`Crawl::stop`](super::Crawl::stop) does.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Tells whether somebody has asked for that.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Waits until somebody has asked for that.
    pub(super) fn stop_wanted(&self) -> WaitForCancellationFuture<'_> {
        self.stop.cancelled()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_told_as_it_was_given() {
        let control = Control::new(Some(30.0));
        for rate in [0.001, 0.5, 1.0, 3.0, 7.5, 1000.0, 25_000.0] {
            control.limit_rate(Some(rate));
            assert_eq!(control.rate_limit(), Some(rate));
        }
        for none in [None, Some(0.0), Some(-1.0), Some(f64::NAN)] {
            control.limit_rate(none);
            assert_eq!(control.rate_limit(), None);
        }
    }
}
