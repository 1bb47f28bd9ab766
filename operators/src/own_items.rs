//! Items that an operator emits besides those of its source.

use std::ops::ControlFlow;

use thalweg_core::{Cx, Drained};

/// Emits what is left of `items`; breaks with how the poll comes to rest if that is before their end.
#[inline]
pub(crate) fn emit_own<I: Iterator>(
    items: &mut Option<I>,
    cx: &mut Cx<'_, '_>,
    mut emit: impl FnMut(I::Item) -> ControlFlow<()>,
) -> ControlFlow<Drained> {
    while let Some(left) = items {
        if cx.budget() == 0 {
            return ControlFlow::Break(Drained::Exhausted);
        }
        match left.next() {
            Some(item) => {
                cx.spend_many(1);
                if emit(item).is_break() {
                    return ControlFlow::Break(Drained::Stopped);
                }
            }
            None => *items = None,
        }
    }
    ControlFlow::Continue(())
}
