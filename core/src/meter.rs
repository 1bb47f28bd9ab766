//! The live numbers of a stage: what came in, what went out, what was dropped and why.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

/// The counters of one stage, shared between the stage and whoever looks at it.
///
/// The ledger of a stage is `received = emitted + dropped (by reason) + in flight`, in items of its input.
/// Stages that keep, drop or move items to another task have one; the others pass on what they get.
/// A clone shares the counters. Counting is relaxed: numbers read while items move may be a batch apart.
#[derive(Clone, Default)]
pub struct Meter {
    counters: Arc<Counters>,
}

#[derive(Default)]
struct Counters {
    received: AtomicU64,
    emitted: AtomicU64,
    dropped: [AtomicU64; DropReason::ALL.len()],
}

/// Why an item was not handed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DropReason {
    /// The queue was full.
    Overflow,
    /// A newer item took its place, as in `debounce` and `throttle`.
    Superseded,
    /// The stream failed while the item was pending, or the item itself was an error.
    Failed,
    /// The flow completed before what the item waited for had come, as a partner in `zip`, or it came between two windows.
    Unmatched,
    /// The predicate of the stage did not hold for it, as in `filter_async`.
    Rejected,
    /// The run was cancelled, or its consumer left, while the item was pending.
    Cancelled,
}

impl DropReason {
    /// Every reason, in the order in which they are reported.
    pub const ALL: [Self; 6] = [
        Self::Overflow,
        Self::Superseded,
        Self::Failed,
        Self::Unmatched,
        Self::Rejected,
        Self::Cancelled,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::Overflow => "overflow",
            Self::Superseded => "superseded",
            Self::Failed => "failed",
            Self::Unmatched => "unmatched",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Meter {
    /// Creates counters that stand at zero.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts items that came in.
    pub fn receive(&self, items: u64) {
        self.counters.received.fetch_add(items, Relaxed);
    }

    /// Counts items that went out.
    pub fn emit(&self, items: u64) {
        self.counters.emitted.fetch_add(items, Relaxed);
    }

    /// Counts items that were dropped.
    pub fn drop_items(&self, reason: DropReason, items: u64) {
        self.counters.dropped[reason as usize].fetch_add(items, Relaxed);
    }

    /// Reads the counters.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            received: self.counters.received.load(Relaxed),
            emitted: self.counters.emitted.load(Relaxed),
            dropped: DropReason::ALL
                .map(|reason| self.counters.dropped[reason as usize].load(Relaxed)),
        }
    }
}

impl fmt::Debug for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.counts().fmt(f)
    }
}

/// What a [`Meter`] showed at one moment, in items.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Items that came in.
    pub received: u64,
    /// Items that went out.
    pub emitted: u64,
    dropped: [u64; DropReason::ALL.len()],
}

impl Counts {
    /// Gives the items dropped for `reason`.
    #[must_use]
    pub fn dropped_by(&self, reason: DropReason) -> u64 {
        self.dropped[reason as usize]
    }

    /// Gives the items dropped for any reason.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.iter().sum()
    }

    /// Gives the items that came in and have neither gone out nor been dropped.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        self.received
            .saturating_sub(self.emitted)
            .saturating_sub(self.dropped())
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "in {}, out {}", self.received, self.emitted)?;
        for reason in DropReason::ALL {
            let items = self.dropped_by(reason);
            if items > 0 {
                write!(f, ", dropped {items} ({reason})")?;
            }
        }
        write!(f, ", in flight {}", self.in_flight())
    }
}
