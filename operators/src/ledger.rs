//! The meter of a stage that holds items, which stays balanced when the stage is dropped.

use std::fmt;

use thalweg_core::{DropReason, Meter};

/// A meter that knows what its stage holds: that is counted as cancelled when the stage is dropped, be it by hand, with
/// its task, or by a `take` further down.
#[derive(Default)]
pub(crate) struct Ledger {
    meter: Meter,
    held: u64,
}

impl Ledger {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Keeps the books on counters that somebody else looks at.
    pub(crate) fn on(meter: Meter) -> Self {
        Self { meter, held: 0 }
    }

    /// Begins another on the same counters, for a clone that holds nothing.
    pub(crate) fn begin_anew(&self) -> Self {
        Self::on(self.meter.clone())
    }

    pub(crate) fn meter(&self) -> &Meter {
        &self.meter
    }

    pub(crate) fn receive(&mut self, items: u64) {
        self.held += items;
        self.meter.receive(items);
    }

    pub(crate) fn emit(&mut self, items: u64) {
        self.held = self.held.saturating_sub(items);
        self.meter.emit(items);
    }

    pub(crate) fn drop_items(&mut self, reason: DropReason, items: u64) {
        self.held = self.held.saturating_sub(items);
        self.meter.drop_items(reason, items);
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        self.meter.drop_items(DropReason::Cancelled, self.held);
    }
}

/// The clone of a stage holds copies, which count as received.
impl Clone for Ledger {
    fn clone(&self) -> Self {
        let mut ledger = self.begin_anew();
        ledger.receive(self.held);
        ledger
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.meter.fmt(f)
    }
}
