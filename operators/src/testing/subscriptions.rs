//! When a marble source was subscribed.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::time::Instant;

/// The windows in which a source of [`cold`](super::cold) or [`hot`](super::hot), or a clone of it, was subscribed: from the
/// first poll to its end, or to when it was dropped.
///
/// # Examples
///
/// ```
/// use thalweg_operators::testing::{assert_marbles, cold, with_virtual_time};
///
/// with_virtual_time(async {
///     let source = cold("-a-b-c-d-|");
///     let subscriptions = source.as_inner().subscriptions();
///     assert_marbles(source.take(2), "-a-(b|)").await;
///     subscriptions.assert(&["^--!"]);
/// });
/// ```
#[derive(Clone, Default)]
pub struct Subscriptions(Arc<Mutex<Vec<Window>>>);

#[derive(Clone, Copy)]
struct Window {
    from: u64,
    until: Option<u64>,
}

/// The subscription of one source, from its first poll on, in the log that it shares with its clones.
#[derive(Debug)]
pub(super) struct Subscribed {
    log: Subscriptions,
    origin: Instant,
    place: Place,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    Fresh,
    Open(usize),
    Closed,
}

impl Subscribed {
    /// Counts frames from now.
    pub(super) fn from_now() -> Self {
        Self {
            log: Subscriptions::default(),
            origin: Instant::now(),
            place: Place::Fresh,
        }
    }

    pub(super) fn log(&self) -> Subscriptions {
        self.log.clone()
    }

    fn frame(&self) -> u64 {
        u64::try_from(self.origin.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Tells that the source was polled.
    pub(super) fn begin(&mut self) {
        if matches!(self.place, Place::Fresh) {
            let mut windows = self.log.lock();
            self.place = Place::Open(windows.len());
            windows.push(Window {
                from: self.frame(),
                until: None,
            });
        }
    }

    /// Tells that the source has ended.
    pub(super) fn end(&mut self) {
        if let Place::Open(place) = self.place {
            self.log.lock()[place].until = Some(self.frame());
        }
        self.place = Place::Closed;
    }
}

impl Clone for Subscribed {
    fn clone(&self) -> Self {
        Self {
            log: self.log.clone(),
            origin: self.origin,
            place: Place::Fresh,
        }
    }
}

impl Drop for Subscribed {
    fn drop(&mut self) {
        self.end();
    }
}

impl Subscriptions {
    fn lock(&self) -> MutexGuard<'_, Vec<Window>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Draws the windows: `^` where a subscription began, `!` where it ended.
    pub fn diagrams(&self) -> Vec<String> {
        self.lock().iter().map(Window::to_string).collect()
    }

    /// Checks the windows, in the order in which they began. Frames count from when the source was made.
    ///
    /// # Panics
    ///
    /// Panics with both lists if they differ.
    #[track_caller]
    pub fn assert(&self, expected: &[&str]) {
        let actual = self.diagrams();
        assert!(
            actual == expected,
            "the subscriptions differ\n  expected  {}\n  actual    {}\n",
            expected.join("  "),
            actual.join("  ")
        );
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for _ in 0..self.from {
            f.write_str("-")?;
        }
        match self.until {
            Some(until) if until == self.from => f.write_str("(^!)"),
            Some(until) => {
                f.write_str("^")?;
                for _ in self.from + 1..until {
                    f.write_str("-")?;
                }
                f.write_str("!")
            }
            None => f.write_str("^"),
        }
    }
}

impl fmt::Debug for Subscriptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.diagrams()).finish()
    }
}
