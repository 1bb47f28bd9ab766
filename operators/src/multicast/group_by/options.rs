//! What may be chosen for the groups.

use thalweg_core::Overflow;

/// Items that the queue of a group holds, unless [`Flow::group_capacity`](crate::Flow::group_capacity) says otherwise.
const CAPACITY: usize = 256;

/// What happens when a key is new and there are as many groups as there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum MaxGroups {
    /// All wait until a group is dropped.
    #[default]
    Wait,
    /// A group that has been idle and holds nothing completes; if there is none, all wait.
    EvictIdle,
    /// This flow and all groups fail with [`Fault::Overflowed`](thalweg_core::Fault::Overflowed).
    Fail,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Options {
    pub(super) capacity: usize,
    pub(super) overflow: Overflow,
    pub(super) max_groups: Option<(usize, MaxGroups)>,
    pub(super) group_items: u64,
}

impl Options {
    pub(super) fn new() -> Self {
        Self {
            capacity: CAPACITY,
            overflow: Overflow::Wait,
            max_groups: None,
            group_items: u64::MAX,
        }
    }

    /// How many items a group that holds `held` takes besides; whatever comes, if its policy is to drop.
    pub(super) fn room(&self, held: usize) -> usize {
        match self.overflow {
            Overflow::Wait | Overflow::Fail => self.capacity - held,
            Overflow::DropIncoming | Overflow::DropOldest => usize::MAX,
        }
    }
}
