//! How much may run at once, in all and for every key.

use std::{fmt, sync::Arc};

use tokio::time::Duration;

use super::valve::Valve;

/// The limits of [`par_map_by_key`](crate::Flow::par_map_by_key).
///
/// # Examples
///
/// Sixty-four requests at once, two to a host, half a second between the starts of requests to the same host:
///
/// ```
/// use std::time::Duration;
/// use thalweg::operators::concurrency::KeyLimits;
///
/// let polite = KeyLimits::<String>::new(64).per_key(2).delay(Duration::from_millis(500));
/// # let _ = polite;
/// ```
pub struct KeyLimits<K> {
    pub(super) total: usize,
    pub(super) per_key: usize,
    pub(super) waiting: usize,
    pub(super) in_order: bool,
    pub(super) drop_waiting_on_stop: bool,
    pub(super) delay: Delay<K>,
    pub(super) valve: Option<Valve>,
}

pub(super) enum Delay<K> {
    Fixed(Duration),
    By(Arc<dyn Fn(&K) -> Duration + Send + Sync>),
}

impl<K> Delay<K> {
    pub(super) fn of(&self, key: &K) -> Duration {
        match self {
            Self::Fixed(delay) => *delay,
            Self::By(delay) => delay(key),
        }
    }
}

impl<K> KeyLimits<K> {
    /// Allows `total` items to run at once: one of a key, in order, without delay; 16 times as many may wait.
    ///
    /// An item that is done counts until those of its key before it are.
    ///
    /// # Panics
    ///
    /// Panics if `total` is 0.
    #[track_caller]
    pub fn new(total: usize) -> Self {
        assert!(total > 0, "par_map_by_key of 0 at once never does anything");
        Self {
            total,
            per_key: 1,
            waiting: total.saturating_mul(16),
            in_order: true,
            drop_waiting_on_stop: false,
            delay: Delay::Fixed(Duration::ZERO),
            valve: None,
        }
    }

    /// Allows so many items of one key to run at once, or to be done before one that came earlier.
    ///
    /// # Panics
    ///
    /// Panics if `items` is 0.
    #[must_use]
    #[track_caller]
    pub fn per_key(mut self, items: usize) -> Self {
        assert!(items > 0, "0 items of a key at once never do anything");
        self.per_key = items;
        self
    }

    /// Lets at least so much time pass between the starts of two items of one key.
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = Delay::Fixed(delay);
        self
    }

    /// The same, asked anew at every start, for delays that differ or are learnt on the way.
    #[must_use]
    pub fn delay_by(mut self, delay: impl Fn(&K) -> Duration + Send + Sync + 'static) -> Self {
        self.delay = Delay::By(Arc::new(delay));
        self
    }

    /// Allows so many items to wait until their key may run; with that many the source is not polled.
    ///
    /// Many, so that the items of one busy key do not keep those of the others out.
    ///
    /// # Panics
    ///
    /// Panics if `items` is 0.
    #[must_use]
    #[track_caller]
    pub fn waiting(mut self, items: usize) -> Self {
        assert!(items > 0, "with room for 0 items to wait nothing comes in");
        self.waiting = items;
        self
    }

    /// Hands results on as they come, also those of one key.
    #[must_use]
    pub fn unordered(mut self) -> Self {
        self.in_order = false;
        self
    }

    /// Drops what waits, and counts it as cancelled, when the flow is asked to stop: only what runs is finished.
    #[must_use]
    pub fn drop_waiting_on_stop(mut self) -> Self {
        self.drop_waiting_on_stop = true;
        self
    }

    /// Lets work start only as `valve` does, which may be turned at any time: starts can be paused, or kept apart over all
    /// keys. A flow that is asked to stop is not held back by a pause, so that it comes to its end.
    #[must_use]
    pub fn valve(mut self, valve: &Valve) -> Self {
        self.valve = Some(valve.clone());
        self
    }
}

impl<K> Clone for KeyLimits<K> {
    fn clone(&self) -> Self {
        Self {
            delay: match &self.delay {
                Delay::Fixed(delay) => Delay::Fixed(*delay),
                Delay::By(delay) => Delay::By(Arc::clone(delay)),
            },
            valve: self.valve.clone(),
            ..*self
        }
    }
}

impl<K> fmt::Debug for KeyLimits<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyLimits")
            .field("total", &self.total)
            .field("per_key", &self.per_key)
            .field("waiting", &self.waiting)
            .field("in_order", &self.in_order)
            .field("drop_waiting_on_stop", &self.drop_waiting_on_stop)
            .field("valve", &self.valve)
            .finish_non_exhaustive()
    }
}
