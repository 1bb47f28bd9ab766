//! How often `retry` tries again, and how long it waits before.

use std::{fmt, time::Duration};

use fastrand::Rng;

/// How often to try again, and how long to wait before each time; for [`Flow::retry`](crate::Flow::retry) and for sinks.
///
/// | made by | waits before retry n |
/// |---|---|
/// | [`fixed`](Self::fixed) | always the same |
/// | [`exponential`](Self::exponential) | a random time of up to `first * 2^(n - 1)`, which `longest` bounds |
/// | [`decorrelated`](Self::decorrelated) | a random time from `shortest` to three times the last wait, which `longest` bounds |
/// | [`with`](Self::with) | what a closure says |
///
/// The randomness, the *jitter*, keeps a thousand clients of a server that fell over from coming back all at once.
/// Without [`max_retries`](Self::max_retries) there is no end of trying.
///
/// # Examples
///
/// ```
/// use std::{io, time::Duration};
/// use thalweg::operators::error::Backoff;
///
/// let reconnect = Backoff::exponential(Duration::from_millis(100), Duration::from_secs(30))
///     .max_retries(8)
///     .stable_for(Duration::from_secs(10));
/// let only_if_refused = Backoff::with(|retry, error: &io::Error| {
///     let refused = error.kind() == io::ErrorKind::ConnectionRefused;
///     refused.then(|| Duration::from_secs(u64::from(retry)))
/// });
/// # let _ = (reconnect, only_if_refused);
/// ```
#[derive(Clone)]
pub struct Backoff<W> {
    waits: W,
    max_retries: Option<u32>,
    pub(super) stable_for: Option<Duration>,
}

/// Tells how long to wait before a retry.
///
/// Closures of the same form implement it.
pub trait RetryAfter<E> {
    /// Gives the wait after `error`, before the retry of that number, of those in a row, from 1; `None` gives up.
    fn retry_after(&mut self, retry: u32, error: &E) -> Option<Duration>;
}

impl<E, F> RetryAfter<E> for F
where
    F: FnMut(u32, &E) -> Option<Duration>,
{
    fn retry_after(&mut self, retry: u32, error: &E) -> Option<Duration> {
        self(retry, error)
    }
}

impl<W> Backoff<W> {
    fn of(waits: W) -> Self {
        Self {
            waits,
            max_retries: None,
            stable_for: None,
        }
    }

    /// Waits as a closure says, which is given the number of the retry, from 1, and the error; `None` gives up.
    pub fn with<E>(wait: W) -> Self
    where
        W: FnMut(u32, &E) -> Option<Duration>,
    {
        Self::of(wait)
    }

    /// Gives up after so many retries in a row; by default it never does. With 0 nothing is tried again.
    pub fn max_retries(mut self, retries: u32) -> Self {
        self.max_retries = Some(retries);
        self
    }

    /// Begins the count of retries anew only after an attempt that failed `time` or longer after its first item.
    ///
    /// By default any item does, so that a source which always fails after its first is tried for ever. With
    /// [`Duration::MAX`] the count never begins anew.
    pub fn stable_for(mut self, time: Duration) -> Self {
        self.stable_for = Some(time);
        self
    }

    /// Gives the time that [`stable_for`](Self::stable_for) set.
    pub fn stable_time(&self) -> Option<Duration> {
        self.stable_for
    }

    /// Gives the wait after `error`, before the retry of that number, of those in a row, from 1; `None` gives up.
    ///
    /// For those who retry by themselves, as clients that reconnect do.
    pub fn wait<E>(&mut self, retry: u32, error: &E) -> Option<Duration>
    where
        W: RetryAfter<E>,
    {
        if self.max_retries.is_some_and(|most| retry > most) {
            return None;
        }
        self.waits.retry_after(retry, error)
    }
}

impl Backoff<Fixed> {
    /// Waits always the same time. With [`Duration::ZERO`] it tries again at once.
    pub fn fixed(wait: Duration) -> Self {
        Self::of(Fixed(wait))
    }
}

impl Backoff<Exponential> {
    /// Waits a random time, the bound of which doubles from `first` up to `longest`.
    pub fn exponential(first: Duration, longest: Duration) -> Self {
        Self::of(Exponential {
            first,
            longest,
            jitter: Some(Jitter(None)),
        })
    }

    /// Waits the whole of the bound, not a random part of it.
    pub fn without_jitter(mut self) -> Self {
        self.waits.jitter = None;
        self
    }

    /// Makes the waits repeatable. It turns jitter on.
    pub fn seed(mut self, seed: u64) -> Self {
        self.waits.jitter = Some(Jitter(Some(Rng::with_seed(seed))));
        self
    }
}

impl Backoff<Decorrelated> {
    /// Waits a random time between `shortest` and three times the last wait, `longest` at most.
    ///
    /// The waits grow as exponential ones do, and never fall below `shortest`.
    pub fn decorrelated(shortest: Duration, longest: Duration) -> Self {
        Self::of(Decorrelated {
            shortest,
            longest,
            last: shortest,
            jitter: Jitter(None),
        })
    }

    /// Makes the waits repeatable.
    pub fn seed(mut self, seed: u64) -> Self {
        self.waits.jitter = Jitter(Some(Rng::with_seed(seed)));
        self
    }
}

/// Always the same wait: [`Backoff::fixed`].
#[derive(Clone, Copy, Debug)]
pub struct Fixed(Duration);

/// Waits that double: [`Backoff::exponential`].
#[derive(Clone, Debug)]
pub struct Exponential {
    first: Duration,
    longest: Duration,
    jitter: Option<Jitter>,
}

/// Waits that depend on the one before: [`Backoff::decorrelated`].
#[derive(Clone, Debug)]
pub struct Decorrelated {
    shortest: Duration,
    longest: Duration,
    last: Duration,
    jitter: Jitter,
}

impl<E> RetryAfter<E> for Fixed {
    fn retry_after(&mut self, _retry: u32, _error: &E) -> Option<Duration> {
        Some(self.0)
    }
}

impl<E> RetryAfter<E> for Exponential {
    fn retry_after(&mut self, retry: u32, _error: &E) -> Option<Duration> {
        let times = 1_u64
            .checked_shl(retry.saturating_sub(1))
            .unwrap_or(u64::MAX);
        let bound = nanos(self.first).saturating_mul(times);
        let bound = Duration::from_nanos(bound).min(self.longest);
        Some(match &mut self.jitter {
            Some(jitter) => jitter.between(Duration::ZERO, bound),
            None => bound,
        })
    }
}

impl<E> RetryAfter<E> for Decorrelated {
    fn retry_after(&mut self, retry: u32, _error: &E) -> Option<Duration> {
        if retry == 1 {
            self.last = self.shortest;
        }
        let bound = self.last.saturating_mul(3).max(self.shortest);
        self.last = self.jitter.between(self.shortest, bound).min(self.longest);
        Some(self.last)
    }
}

/// Random times. Seeded at its first use, so that the clones of a flow do not all wait the same.
#[derive(Clone, Debug)]
struct Jitter(Option<Rng>);

impl Jitter {
    fn between(&mut self, shortest: Duration, longest: Duration) -> Duration {
        let random = self.0.get_or_insert_with(Rng::new);
        Duration::from_nanos(random.u64(nanos(shortest)..=nanos(longest)))
    }
}

/// Gives a time in nanoseconds, of which 64 bits hold 584 years.
fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Shows the limits but not the waits, which may be a closure.
impl<W> fmt::Debug for Backoff<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backoff")
            .field("max_retries", &self.max_retries)
            .field("stable_for", &self.stable_for)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLI: Duration = Duration::from_millis(1);

    fn waits<W: RetryAfter<()>>(mut backoff: Backoff<W>, retries: u32) -> Vec<u128> {
        (1..=retries)
            .map_while(|retry| backoff.wait(retry, &()))
            .map(|wait| wait.as_millis())
            .collect()
    }

    #[test]
    fn exponential_waits_double_up_to_the_longest() {
        let backoff = Backoff::exponential(MILLI, 10 * MILLI).without_jitter();
        assert_eq!(waits(backoff, 6), [1, 2, 4, 8, 10, 10]);
    }

    #[test]
    fn exponential_waits_never_overflow() {
        let mut backoff = Backoff::exponential(Duration::MAX, Duration::MAX).without_jitter();
        for retry in [1, 64, 65, u32::MAX] {
            assert_eq!(
                backoff.wait(retry, &()),
                Some(Duration::from_nanos(u64::MAX))
            );
        }
    }

    #[test]
    fn full_jitter_uses_the_whole_range_below_the_bound() {
        let mut backoff = Backoff::exponential(100 * MILLI, 100 * MILLI).seed(7);
        let drawn: Vec<_> = (0..1000)
            .filter_map(|_| backoff.wait(1, &()))
            .map(|wait| wait.as_millis())
            .collect();
        assert_eq!(drawn.len(), 1000);
        assert!(drawn.iter().all(|wait| *wait <= 100));
        assert!(drawn.iter().any(|wait| *wait < 5) && drawn.iter().any(|wait| *wait >= 95));
    }

    #[test]
    fn a_seed_makes_the_waits_repeatable() {
        let seeded = || Backoff::exponential(MILLI, 1000 * MILLI).seed(42);
        assert_eq!(waits(seeded(), 12), waits(seeded(), 12));
    }

    #[test]
    fn unseeded_clones_wait_differently() {
        let backoff = Backoff::exponential(Duration::MAX, Duration::MAX);
        assert_ne!(waits(backoff.clone(), 4), waits(backoff, 4));
    }

    #[test]
    fn decorrelated_waits_stay_within_three_times_the_last() {
        let mut backoff = Backoff::decorrelated(10 * MILLI, 500 * MILLI).seed(1);
        let mut last = 10 * MILLI;
        for retry in 1..=100 {
            let wait = backoff.wait(retry, &()).unwrap();
            assert!(wait >= 10 * MILLI && wait <= 500 * MILLI && wait <= last * 3);
            last = wait;
        }
        assert!(
            backoff.wait(1, &()).unwrap() <= 30 * MILLI,
            "it begins anew"
        );
    }

    #[test]
    fn the_count_and_the_closure_both_can_give_up() {
        assert_eq!(waits(Backoff::fixed(MILLI).max_retries(2), 5), [1, 1]);
        assert_eq!(waits(Backoff::fixed(MILLI).max_retries(0), 5), []);
        let closure = Backoff::with(|retry, ()| (retry < 3).then_some(retry * MILLI));
        assert_eq!(waits(closure, 5), [1, 2]);
    }
}
