//! The items of a window in a vector, which is emitted when the window closes.

use std::{fmt, task::Context};

use thalweg_core::{DropReason, Holds, Meter, Observable};

use crate::ledger::Ledger;

use super::{Border, Copies, Gather, open::OpenWindows};

/// The open windows, each a vector. An item counts once for every window that it comes into.
#[derive(Clone)]
pub(in crate::window) struct Buffers<T> {
    open: OpenWindows<Vec<T>>,
    copies: Copies<T>,
    emits_empty: bool,
    ledger: Ledger,
    /// What has not been told to the ledger yet.
    received: u64,
    unmatched: u64,
}

impl<T> Buffers<T> {
    pub(in crate::window) fn new(copies: Copies<T>) -> Self {
        Self {
            open: OpenWindows::new(),
            copies,
            emits_empty: true,
            ledger: Ledger::new(),
            received: 0,
            unmatched: 0,
        }
    }

    /// Emits nothing for a window without items.
    pub(in crate::window) fn without_empty(mut self) -> Self {
        self.emits_empty = false;
        self
    }

    pub(in crate::window) fn set_copies(&mut self, copies: Copies<T>) {
        self.copies = copies;
    }

    fn tell_ledger(&mut self) {
        if self.received + self.unmatched > 0 {
            let unmatched = std::mem::take(&mut self.unmatched);
            let received = std::mem::take(&mut self.received);
            self.ledger.receive(received + unmatched);
            self.ledger.drop_items(DropReason::Unmatched, unmatched);
        }
    }
}

impl<O: Observable> Gather<O> for Buffers<O::Item> {
    type Output = Vec<O::Item>;

    fn cross(&mut self, border: Border) -> Option<Vec<O::Item>> {
        if border == Border::Open {
            self.open.open(Vec::new());
            return None;
        }
        let window = self.open.close(border)?;
        self.tell_ledger();
        self.ledger.emit(window.len() as u64);
        (self.emits_empty || !window.is_empty()).then_some(window)
    }

    fn is_empty(&self) -> bool {
        self.open.len() == 0
    }

    fn poll_room(&mut self, _: &mut Context<'_>) -> bool {
        true
    }

    #[inline]
    fn put(&mut self, item: O::Item) -> bool {
        let received = &mut self.received;
        let matched = self.open.share(item, self.copies, |window, item| {
            *received += 1;
            window.push(item);
        });
        self.unmatched += u64::from(!matched);
        true
    }

    fn settle(&mut self) {
        self.tell_ledger();
    }

    fn fail(&mut self, error: O::Error) -> O::Error {
        self.tell_ledger();
        let left: usize = self.open.drain().map(|window| window.len()).sum();
        self.ledger.drop_items(DropReason::Failed, left as u64);
        error
    }

    fn stop_requested(&mut self, _: &mut Context<'_>) -> bool {
        false
    }

    fn holds(&self, open: Holds) -> Holds {
        open
    }

    fn meter(&self) -> &Meter {
        self.ledger.meter()
    }
}

impl<T> fmt::Debug for Buffers<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffers")
            .field("open", &self.open.len())
            .finish_non_exhaustive()
    }
}
