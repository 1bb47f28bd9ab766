//! Borders by number: a window closes with its last item.

use std::{collections::VecDeque, pin::Pin, task::Poll};

use thalweg_core::{Cx, Holds};

use super::{Border, Borders};

/// Windows of `size` items, one after every `every`.
#[derive(Clone, Debug)]
pub(in crate::window) struct Count {
    size: u64,
    every: u64,
    /// Items until a window closes, or opens.
    until_close: u64,
    until_open: u64,
}

impl Count {
    pub(in crate::window) fn new(size: usize) -> Self {
        let size = size as u64;
        Self {
            size,
            every: size,
            until_close: size,
            until_open: size,
        }
    }

    pub(in crate::window) fn set_every(&mut self, items: usize) {
        self.every = items as u64;
        self.until_open = self.every;
    }
}

impl<E> Borders<E> for Count {
    fn poll(
        self: Pin<&mut Self>,
        _: &mut Cx<'_, '_>,
        _: &mut VecDeque<Border>,
    ) -> Poll<Result<(), E>> {
        Poll::Pending
    }

    #[inline]
    fn count(mut self: Pin<&mut Self>, due: &mut VecDeque<Border>) {
        self.until_close -= 1;
        self.until_open -= 1;
        if self.until_close == 0 {
            self.until_close = self.every;
            due.push_back(Border::CloseOldest);
        }
        if self.until_open == 0 {
            self.until_open = self.every;
            due.push_back(Border::Open);
        }
    }

    fn holds(&self) -> Holds {
        let open = self.size.div_ceil(self.every);
        let items = self.size.saturating_mul(open);
        Holds::Items(usize::try_from(items).unwrap_or(usize::MAX))
    }
}
