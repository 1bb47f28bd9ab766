//! Why a stage failed, with the stage's name, file and line.

use std::{error::Error, fmt, panic::Location, time::Duration};

/// A stage of a pipeline: its name, and where in the user's code it was built.
///
/// Displayed as `debounce at src/main.rs:12`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StageId {
    name: &'static str,
    location: &'static Location<'static>,
}

impl StageId {
    /// Names a stage that is built at the caller's place.
    #[must_use]
    #[track_caller]
    pub fn here(name: &'static str) -> Self {
        Self {
            name,
            location: Location::caller(),
        }
    }

    /// Gives the name of the operator, source or sink.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Gives the file and line where the stage was built.
    #[must_use]
    pub fn location(&self) -> &'static Location<'static> {
        self.location
    }
}

impl fmt::Display for StageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} at {}:{}",
            self.name,
            self.location.file(),
            self.location.line()
        )
    }
}

/// The error of a stage that can fail by itself: the upstream's own error, or what the stage adds to it.
///
/// Stages with a task of their own can panic there, time-outs can expire, bounded queues can overflow, and what is to come
/// once can come never or twice.
///
/// # Examples
///
/// ```
/// use thalweg::prelude::*;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let result = (0..4).flow().par_map(2, |n| async move { 12 / (n - 1) }).collect::<Vec<_>>().await;
/// let fault = result.unwrap_err();
/// assert!(fault.is_panic());
/// assert_eq!(fault.stage().unwrap().name(), "par_map");
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault<E> {
    /// The stream below the stage failed with its own error.
    Upstream(E),
    /// The user's code in a task of the stage panicked.
    Panicked(Panicked),
    /// The stage waited longer than it was told to.
    TimedOut(TimedOut),
    /// The stage's queue was full and its policy is [`Overflow::Fail`](crate::Overflow::Fail).
    Overflowed(Overflowed),
    /// There were none or several items where one was to be.
    WrongCount(WrongCount),
}

impl<E> Fault<E> {
    /// Tells whether a panic was the cause.
    #[must_use]
    pub fn is_panic(&self) -> bool {
        matches!(self, Self::Panicked(_))
    }

    /// Tells whether a time-out was the cause.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::TimedOut(_))
    }

    /// Tells whether a full queue was the cause.
    #[must_use]
    pub fn is_overflow(&self) -> bool {
        matches!(self, Self::Overflowed(_))
    }

    /// Tells whether none or several items where one was to be were the cause.
    #[must_use]
    pub fn is_wrong_count(&self) -> bool {
        matches!(self, Self::WrongCount(_))
    }

    /// Gives the stage that failed, unless the error came from upstream.
    #[must_use]
    pub fn stage(&self) -> Option<StageId> {
        match self {
            Self::Upstream(_) => None,
            Self::Panicked(panicked) => Some(panicked.stage),
            Self::TimedOut(timed_out) => Some(timed_out.stage),
            Self::Overflowed(overflowed) => Some(overflowed.stage),
            Self::WrongCount(wrong_count) => Some(wrong_count.stage),
        }
    }

    /// Gives the upstream's own error, if it is one.
    #[must_use]
    pub fn into_upstream(self) -> Option<E> {
        match self {
            Self::Upstream(error) => Some(error),
            _ => None,
        }
    }
}

impl<E> Fault<Fault<E>> {
    /// Takes one layer off: two stages in a row that can fail make a fault of a fault.
    #[must_use]
    pub fn flatten(self) -> Fault<E> {
        match self {
            Self::Upstream(inner) => inner,
            Self::Panicked(panicked) => Fault::Panicked(panicked),
            Self::TimedOut(timed_out) => Fault::TimedOut(timed_out),
            Self::Overflowed(overflowed) => Fault::Overflowed(overflowed),
            Self::WrongCount(wrong_count) => Fault::WrongCount(wrong_count),
        }
    }
}

impl<E: fmt::Display> fmt::Display for Fault<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Upstream(error) => error.fmt(f),
            Self::Panicked(panicked) => panicked.fmt(f),
            Self::TimedOut(timed_out) => timed_out.fmt(f),
            Self::Overflowed(overflowed) => overflowed.fmt(f),
            Self::WrongCount(wrong_count) => wrong_count.fmt(f),
        }
    }
}

impl<E: Error + 'static> Error for Fault<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        // `Display` already says what the cause says, so the chain goes on below it.
        match self {
            Self::Upstream(error) => error.source(),
            _ => None,
        }
    }
}

/// A panic of the user's code in a task of a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panicked {
    stage: StageId,
    message: String,
}

impl Panicked {
    /// Reads the message out of what [`std::panic::catch_unwind`] or a joined task gave.
    #[must_use]
    pub fn new(stage: StageId, payload: &(dyn std::any::Any + Send)) -> Self {
        let message = payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "a panic without a message".to_owned());
        Self { stage, message }
    }

    /// Gives the stage whose task panicked.
    #[must_use]
    pub fn stage(&self) -> StageId {
        self.stage
    }

    /// Gives the message of the panic.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} panicked: {}", self.stage, self.message)
    }
}

impl Error for Panicked {}

/// A wait that took longer than the stage was told to allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedOut {
    stage: StageId,
    after: Duration,
    missed: Missed,
}

/// What did not come in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Missed {
    Anything,
    End,
}

impl TimedOut {
    /// Tells that `stage` gave up after a wait of `after` in which nothing came.
    #[must_use]
    pub fn new(stage: StageId, after: Duration) -> Self {
        Self {
            stage,
            after,
            missed: Missed::Anything,
        }
    }

    /// Tells that `stage` gave up because the end had not come within `after`, whatever else had.
    #[must_use]
    pub fn before_end(stage: StageId, after: Duration) -> Self {
        Self {
            missed: Missed::End,
            ..Self::new(stage, after)
        }
    }

    /// Gives the stage that gave up.
    #[must_use]
    pub fn stage(&self) -> StageId {
        self.stage
    }

    /// Gives the time that was allowed.
    #[must_use]
    pub fn after(&self) -> Duration {
        self.after
    }
}

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stage, after, .. } = self;
        match self.missed {
            Missed::Anything => write!(f, "{stage} saw nothing for {after:?}"),
            Missed::End => write!(f, "{stage} did not see the end within {after:?}"),
        }
    }
}

impl Error for TimedOut {}

/// A queue that was full when one more item came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overflowed {
    stage: StageId,
    capacity: usize,
}

impl Overflowed {
    /// Tells that the queue of `stage` held `capacity` items when one more came.
    #[must_use]
    pub fn new(stage: StageId, capacity: usize) -> Self {
        Self { stage, capacity }
    }

    /// Gives the stage whose queue it is.
    #[must_use]
    pub fn stage(&self) -> StageId {
        self.stage
    }

    /// Gives the capacity of the queue, in items.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.capacity
    }
}

impl fmt::Display for Overflowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} overflowed: its queue of {} items was full",
            self.stage, self.capacity
        )
    }
}

impl Error for Overflowed {}

/// None or several items where exactly one was to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongCount {
    stage: StageId,
    found: Found,
}

/// How many items came where one was to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The stream completed without an item.
    None,
    /// A second item came.
    Several,
}

impl WrongCount {
    /// Tells that `stage` found none or several.
    #[must_use]
    pub fn new(stage: StageId, found: Found) -> Self {
        Self { stage, found }
    }

    /// Gives the stage that wanted one item.
    #[must_use]
    pub fn stage(&self) -> StageId {
        self.stage
    }

    /// Tells whether there were none or several.
    #[must_use]
    pub fn found(&self) -> Found {
        self.found
    }
}

impl fmt::Display for WrongCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = match self.found {
            Found::None => "no item",
            Found::Several => "more than one item",
        };
        write!(f, "{} found {found}, not exactly one", self.stage)
    }
}

impl Error for WrongCount {}
