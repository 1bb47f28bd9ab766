//! The newest item of an input, and what became of the ones before.

use thalweg_core::DropReason;

use crate::ledger::Ledger;

/// The newest item of an input, of which copies are emitted.
#[derive(Clone)]
pub(super) struct Newest<T> {
    item: T,
    is_new: bool,
}

impl<T> Newest<T> {
    /// Tells whether it has not been emitted yet.
    pub(super) fn is_new(&self) -> bool {
        self.is_new
    }
}

impl<T: Clone> Newest<T> {
    /// Gives a copy to be emitted. However often that is, the item is counted once.
    #[inline]
    pub(super) fn copy(&mut self, tally: &mut Tally) -> T {
        tally.emitted += u64::from(std::mem::take(&mut self.is_new));
        self.item.clone()
    }
}

/// What happened to the items of one poll.
#[derive(Default)]
pub(super) struct Tally {
    received: u64,
    emitted: u64,
    superseded: u64,
}

impl Tally {
    /// Takes an item of an input into its `slot`; tells whether it is the first.
    #[inline]
    pub(super) fn take<T>(&mut self, slot: &mut Option<Newest<T>>, item: T) -> bool {
        self.received += 1;
        let before = slot.replace(Newest { item, is_new: true });
        self.superseded += u64::from(before.as_ref().is_some_and(Newest::is_new));
        before.is_none()
    }

    /// Enters everything into the books.
    pub(super) fn enter(self, ledger: &mut Ledger) {
        ledger.receive(self.received);
        ledger.emit(self.emitted);
        ledger.drop_items(DropReason::Superseded, self.superseded);
    }
}
