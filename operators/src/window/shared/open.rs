//! The windows that are open.

use std::collections::{VecDeque, vec_deque};

use super::{Border, Copies};

/// The open windows with their numbers, the oldest first.
#[derive(Clone)]
pub(super) struct OpenWindows<W> {
    windows: VecDeque<(u64, W)>,
    opened: u64,
}

impl<W> OpenWindows<W> {
    pub(super) fn new() -> Self {
        Self {
            windows: VecDeque::new(),
            opened: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.windows.len()
    }

    pub(super) fn open(&mut self, window: W) {
        self.windows.push_back((self.opened, window));
        self.opened += 1;
    }

    /// Takes out the window that closes at a border.
    pub(super) fn close(&mut self, border: Border) -> Option<W> {
        let at = match border {
            Border::Open => return None,
            Border::CloseOldest => 0,
            Border::Close(number) => {
                let found = self.windows.binary_search_by_key(&number, |(at, _)| *at);
                found.ok()?
            }
        };
        self.windows.remove(at).map(|(_, window)| window)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut W> {
        self.windows.iter_mut().map(|(_, window)| window)
    }

    pub(super) fn drain(&mut self) -> impl Iterator<Item = W> {
        self.windows.drain(..).map(|(_, window)| window)
    }

    /// Puts an item into every window, into the newest itself and into the others copies; `false` if none is open.
    pub(super) fn share<T>(
        &mut self,
        item: T,
        copies: Copies<T>,
        mut put: impl FnMut(&mut W, T),
    ) -> bool {
        let mut windows: vec_deque::IterMut<'_, _> = self.windows.iter_mut();
        let Some((_, newest)) = windows.next_back() else {
            return false;
        };
        for (_, window) in windows {
            if let Some(copy) = copies(&item) {
                put(window, copy);
            }
        }
        put(newest, item);
        true
    }
}
