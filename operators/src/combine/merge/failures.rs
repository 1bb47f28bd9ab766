//! What a merge does with the failure of one of its inputs.

use std::{fmt, ops::ControlFlow};

/// What a merge does with the failure of an input: [`FailsAtOnce`], or [`FailsAtTheEnd`].
pub trait OnFailure<E> {
    /// Takes the failure of an input; breaks with it if it is the end of the others too.
    fn hear(&mut self, error: E) -> ControlFlow<E>;

    /// Gives the failure that was kept for the end.
    fn take(&mut self) -> Option<E>;
}

/// The failure of an input is the end of all.
#[derive(Clone, Copy, Debug, Default)]
pub struct FailsAtOnce(());

impl<E> OnFailure<E> for FailsAtOnce {
    #[inline]
    fn hear(&mut self, error: E) -> ControlFlow<E> {
        ControlFlow::Break(error)
    }

    #[inline]
    fn take(&mut self) -> Option<E> {
        None
    }
}

/// The first failure is told when all inputs have ended; see `delay_errors`.
#[derive(Clone)]
pub struct FailsAtTheEnd<E> {
    first: Option<E>,
}

impl<E> FailsAtTheEnd<E> {
    pub(super) fn new() -> Self {
        Self { first: None }
    }
}

impl<E> OnFailure<E> for FailsAtTheEnd<E> {
    fn hear(&mut self, error: E) -> ControlFlow<E> {
        self.first.get_or_insert(error);
        ControlFlow::Continue(())
    }

    fn take(&mut self) -> Option<E> {
        self.first.take()
    }
}

impl<E> fmt::Debug for FailsAtTheEnd<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FailsAtTheEnd")
            .field("has_failed", &self.first.is_some())
            .finish()
    }
}
