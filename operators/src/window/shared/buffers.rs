//! The items of a window in a vector, which is emitted when the window closes.

use std::{fmt, task::Context};

use thalweg_core::{DropReason, Holds, Meter, Observable};

use crate::ledger::Ledger;

use super::{Border, Copies, Gather, open::OpenWindows};

/// The open windows, each a vector. An item counts once for every window that it comes into.
pub(in crate::window) struct Buffers<O: Observable> {
    open: OpenWindows<Vec<O::Item>>,
    copies: Copies<O::Item>,
    emits_empty: bool,
    ledger: Ledger,
    /// What has not been told to the ledger yet.
    received: u64,
    unmatched: u64,
}

impl<O: Observable> Buffers<O> {
    pub(in crate::window) fn new(copies: Copies<O::Item>) -> Self {
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

    pub(in crate::window) fn set_copies(&mut self, copies: Copies<O::Item>) {
        self.copies = copies;
    }
}

impl<O: Observable> Gather<O> for Buffers<O> {
    type Output = Vec<O::Item>;

    fn cross(&mut self, border: Border) -> Option<Vec<O::Item>> {
        if border == Border::Open {
            self.open.open(Vec::new());
            return None;
        }
        let window = self.open.close(border)?;
        self.settle();
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
        if self.received + self.unmatched > 0 {
            let unmatched = std::mem::take(&mut self.unmatched);
            let received = std::mem::take(&mut self.received);
            self.ledger.receive(received + unmatched);
            self.ledger.drop_items(DropReason::Unmatched, unmatched);
        }
    }

    fn fail(&mut self, error: O::Error) -> O::Error {
        self.settle();
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

impl<O: Observable<Item: Clone>> Clone for Buffers<O> {
    fn clone(&self) -> Self {
        Self {
            open: self.open.clone(),
            copies: self.copies,
            emits_empty: self.emits_empty,
            ledger: self.ledger.clone(),
            received: self.received,
            unmatched: self.unmatched,
        }
    }
}

impl<O: Observable> fmt::Debug for Buffers<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffers")
            .field("open", &self.open.len())
            .finish_non_exhaustive()
    }
}
