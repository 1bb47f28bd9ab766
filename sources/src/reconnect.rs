//! When clients connect again, and how long they wait before.

use std::{pin::Pin, time::Duration};

use thalweg_operators::error::{Backoff, Exponential};
use tokio::time::{Instant, Sleep, sleep};

/// Waits a random time before every connection but the first: up to 250 ms, then doubling up to 30 s, for ever.
///
/// A connection that lasts 10 s begins the count anew. The whole of the wait is random, so that the clients of a server
/// that fell over do not come back all at once. It is a [`Backoff`], for the clients that reconnect by themselves.
///
/// # Examples
///
/// ```
/// use thalweg::sources::{TcpFrames, framing::lines, reconnecting};
///
/// let quotes = TcpFrames::new("127.0.0.1:9000", lines()).reconnect(reconnecting().max_retries(20));
/// # let _ = quotes;
/// ```
pub fn reconnecting() -> Backoff<Exponential> {
    Backoff::exponential(Duration::from_millis(250), Duration::from_secs(30))
        .stable_for(Duration::from_secs(10))
}

/// Counts the connections of a client that were lost in a row.
#[derive(Clone, Debug, Default)]
pub(crate) struct Retries {
    backoff: Option<Backoff<Exponential>>,
    in_a_row: u32,
    opened: Option<Instant>,
}

impl Retries {
    pub(crate) fn set(&mut self, backoff: Backoff<Exponential>) {
        self.backoff = Some(backoff);
    }

    /// Takes notice that there is a connection.
    pub(crate) fn opened(&mut self) {
        self.opened = Some(Instant::now());
    }

    /// Takes notice that the connection is lost, or was not made; gives how long to wait for the next, if there is to be one.
    pub(crate) fn lost<E>(&mut self, error: &E) -> Option<Duration> {
        let backoff = self.backoff.as_mut()?;
        let stable = backoff.stable_time().unwrap_or_default();
        if self
            .opened
            .take()
            .is_some_and(|opened| opened.elapsed() >= stable)
        {
            self.in_a_row = 0;
        }
        self.in_a_row = self.in_a_row.saturating_add(1);
        backoff.wait(self.in_a_row, error)
    }

    /// Forgets what happened, for a client that starts anew.
    pub(crate) fn anew(&self) -> Self {
        Self {
            backoff: self.backoff.clone(),
            ..Self::default()
        }
    }
}

/// A wait in a field.
pub(crate) type Waiting = Pin<Box<Sleep>>;

pub(crate) fn wait(time: Duration) -> Waiting {
    Box::pin(sleep(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn retries() -> Retries {
        let mut retries = Retries::default();
        let backoff = Backoff::exponential(SECOND, 30 * SECOND).without_jitter();
        retries.set(backoff.stable_for(10 * SECOND).max_retries(3));
        retries
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_lasts_begins_the_count_anew() {
        let mut retries = retries();
        assert_eq!(retries.lost(&()), Some(SECOND));
        retries.opened();
        tokio::time::advance(9 * SECOND).await;
        assert_eq!(retries.lost(&()), Some(2 * SECOND), "9 s are not stable");
        retries.opened();
        tokio::time::advance(10 * SECOND).await;
        assert_eq!(retries.lost(&()), Some(SECOND));
        assert_eq!(retries.lost(&()), Some(2 * SECOND));
        assert_eq!(retries.lost(&()), Some(4 * SECOND));
        assert_eq!(retries.lost(&()), None, "that is all");
        assert_eq!(retries.anew().lost(&()), Some(SECOND));
    }

    #[test]
    fn the_usual_waits_stay_below_30_seconds_and_go_on_for_ever() {
        let mut retries = Retries::default();
        assert_eq!(
            retries.lost(&()),
            None,
            "nothing is tried again unless it is asked for"
        );
        retries.set(reconnecting().seed(3));
        let waits: Vec<_> = (0..1000).map_while(|_| retries.lost(&())).collect();
        assert_eq!(waits.len(), 1000);
        assert!(waits[0] <= Duration::from_millis(250));
        assert!(waits.iter().all(|wait| *wait <= 30 * SECOND));
        assert!(waits.iter().any(|wait| *wait > 29 * SECOND));
    }
}
