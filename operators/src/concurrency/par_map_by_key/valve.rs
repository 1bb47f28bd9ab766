//! A valve on the starts of work, turned from outside.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Waker},
};

use tokio::time::{Duration, Instant};

use crate::timer::later;

/// Lateness of a timer that is made up for: the runtime's are good to a millisecond, in which many may be due.
const LATENESS: Duration = Duration::from_millis(5);

/// Pauses the starts of work, and limits their rate, while a flow runs: see [`KeyLimits::valve`](super::KeyLimits::valve).
///
/// Clones are of the same valve. At first it is open, and there is no limit.
///
/// # Examples
///
/// ```
/// use thalweg::{operators::concurrency::{KeyLimits, Valve}, prelude::*};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let valve = Valve::new();
/// valve.pause();
/// let limits = KeyLimits::new(8).valve(&valve);
/// let mut work = (1..=2).flow().par_map_by_key(|n| *n, limits, |n| async move { n });
/// tokio::select! {
///     biased;
///     _ = work.next() => unreachable!("it is paused"),
///     () = async {} => valve.resume(),
/// }
/// assert_eq!(work.next().await, Ok(Some(1)));
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Valve {
    shared: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    is_paused: bool,
    /// Between two starts; zero if there is no limit.
    interval: Duration,
    /// When the next start is due, if there is a limit.
    next: Option<Instant>,
    /// The tasks that wait for the valve to be turned.
    wakers: Vec<Waker>,
}

impl Valve {
    /// Creates a valve that is open.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets nothing start from now on. What runs goes on.
    pub fn pause(&self) {
        self.lock().is_paused = true;
    }

    /// Lets work start again.
    pub fn resume(&self) {
        self.turn(|state| state.is_paused = false);
    }

    /// Tells whether nothing may start.
    pub fn is_paused(&self) -> bool {
        self.lock().is_paused
    }

    /// Lets starts be at least so far apart, over all keys; zero takes the limit away.
    pub fn keep_apart(&self, interval: Duration) {
        self.turn(|state| {
            state.interval = interval;
            state.next = None;
        });
    }

    /// Gives how far apart starts are at least; zero if there is no limit.
    pub fn interval(&self) -> Duration {
        self.lock().interval
    }

    fn turn(&self, turn: impl FnOnce(&mut State)) {
        let wakers = {
            let mut state = self.lock();
            turn(&mut state);
            std::mem::take(&mut state.wakers)
        };
        for waker in wakers {
            waker.wake();
        }
    }

    /// Lets one start pass, if it may. A flow that is to stop is not held back by a pause.
    ///
    /// # Errors
    ///
    /// When it may, if it may not now; `None` until the valve is turned, for which the task is woken.
    pub(super) fn pass(
        &self,
        now: Instant,
        stopping: bool,
        task: &Context<'_>,
    ) -> Result<(), Option<Instant>> {
        let mut state = self.lock();
        let wait = match state.next {
            _ if state.is_paused && !stopping => Err(None),
            Some(next) if now < next => Err(Some(next)),
            _ => Ok(()),
        };
        if wait.is_ok() {
            if !state.interval.is_zero() {
                let late = now.checked_sub(LATENESS).unwrap_or(now);
                // The first has no one before it that it could be late for.
                let from = state.next.map_or(now, |next| next.max(late));
                state.next = Some(later(from, state.interval));
            }
        } else if !state
            .wakers
            .iter()
            .any(|known| known.will_wake(task.waker()))
        {
            state.wakers.push(task.waker().clone());
        }
        wait
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Valve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("Valve")
            .field("is_paused", &state.is_paused)
            .field("interval", &state.interval)
            .finish_non_exhaustive()
    }
}
