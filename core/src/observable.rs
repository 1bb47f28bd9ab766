//! The contract that every source and operator keeps.

use std::{ops::ControlFlow, pin::Pin, task::Poll};

use crate::{Cx, Plan};

/// An asynchronous sequence of `Item`s that ends once: completed, or failed with an `Error`.
///
/// Nothing moves unless it is polled, so backpressure is the default and costs nothing. One poll moves many items
/// through a chain of inlined closures, as [`Iterator::try_fold`] does.
///
/// # The rules
///
/// * **Budget**: whatever makes items spends one unit of [`Cx`] an item. No implementation loops without spending. With
///   nothing left an implementation hands on nothing, not even what it holds, and says [`Drained::Exhausted`] if it has
///   something: so an operator with no use for items can still poll an input to let it hear of a stop.
/// * **Resumable at every emit**: `emit` may break at any item. That item was taken; the next poll goes on with the next.
/// * **One call site**: an implementation polls each of its inputs at one place, with one closure type. Two places would
///   compile the whole upstream twice, and k such stages cost 2^k.
/// * **Timers are polled at every poll**, also if the input never runs dry; one poll is one instant.
/// * **Stop reaches everyone**: on the first poll with [`Cx::stopping`] every input is polled, also those that did not wake.
/// * **End**: after `Completed` or an error an observable has dropped its upstream and its closures. It is not polled
///   again by an operator; if it is, it says `Completed`.
///
/// # Examples
///
/// A source of the numbers below a limit:
///
/// ```
/// use std::{convert::Infallible, ops::ControlFlow, pin::Pin, task::Poll};
/// use thalweg_core::{Cx, Drained, Observable};
///
/// struct Below {
///     next: u32,
///     limit: u32,
/// }
///
/// impl Observable for Below {
///     type Item = u32;
///     type Error = Infallible;
///
///     fn poll_drain<F>(mut self: Pin<&mut Self>, cx: &mut Cx<'_, '_>, mut emit: F) -> Poll<Result<Drained, Infallible>>
///     where
///         F: FnMut(u32) -> ControlFlow<()>,
///     {
///         while self.next < self.limit && !cx.stopping() {
///             if !cx.spend() {
///                 return Poll::Ready(Ok(Drained::Exhausted));
///             }
///             self.next += 1;
///             if emit(self.next - 1).is_break() {
///                 return Poll::Ready(Ok(Drained::Stopped));
///             }
///         }
///         Poll::Ready(Ok(Drained::Completed))
///     }
/// }
///
/// # let mut task = std::task::Context::from_waker(std::task::Waker::noop());
/// let mut source = Below { next: 0, limit: 3 };
/// let mut seen = Vec::new();
/// let end = Pin::new(&mut source).poll_drain(&mut Cx::new(&mut task), |n| {
///     seen.push(n);
///     ControlFlow::Continue(())
/// });
/// assert_eq!(end, Poll::Ready(Ok(Drained::Completed)));
/// assert_eq!(seen, [0, 1, 2]);
/// ```
#[must_use = "observables do nothing unless they are polled"]
pub trait Observable {
    /// What comes out.
    type Item;

    /// The failure of the stream as a whole; [`Infallible`](std::convert::Infallible) if it cannot fail.
    ///
    /// The failure of a single item is data: `Item = Result<T, E>`.
    type Error;

    /// Pushes ready items into `emit` until there are none, the end, an error, a break of `emit` or the end of the budget.
    ///
    /// `Pending` means that nothing is ready and that the task will be woken.
    ///
    /// # Errors
    ///
    /// The error of the stream, once; it is the end.
    fn poll_drain<F>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        emit: F,
    ) -> Poll<Result<Drained, Self::Error>>
    where
        F: FnMut(Self::Item) -> ControlFlow<()>;

    /// Adds this stage, and what it is built on, to the description of a pipeline.
    ///
    /// By default it is an opaque leaf with the name of the type.
    fn describe(&self, plan: &mut Plan) {
        plan.leaf(short_type_name::<Self>());
    }
}

/// Why [`poll_drain`](Observable::poll_drain) came back although more could have been waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drained {
    /// The observable has completed.
    Completed,
    /// `emit` broke. The item that it was given is taken.
    Stopped,
    /// The budget is spent. There may be more: poll again, after others had their turn.
    Exhausted,
}

/// The last segment of a type's path, without its parameters.
fn short_type_name<T: ?Sized>() -> &'static str {
    let name = std::any::type_name::<T>();
    let plain = name.split('<').next().unwrap_or(name);
    plain.rsplit("::").next().unwrap_or(plain)
}

impl<O: Observable + ?Sized + Unpin> Observable for &mut O {
    type Item = O::Item;
    type Error = O::Error;

    fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        emit: F,
    ) -> Poll<Result<Drained, Self::Error>>
    where
        F: FnMut(Self::Item) -> ControlFlow<()>,
    {
        Pin::new(&mut **self).poll_drain(cx, emit)
    }

    fn describe(&self, plan: &mut Plan) {
        (**self).describe(plan);
    }
}

impl<O: Observable> Observable for Pin<Box<O>> {
    type Item = O::Item;
    type Error = O::Error;

    fn poll_drain<F>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        emit: F,
    ) -> Poll<Result<Drained, Self::Error>>
    where
        F: FnMut(Self::Item) -> ControlFlow<()>,
    {
        self.get_mut().as_mut().poll_drain(cx, emit)
    }

    fn describe(&self, plan: &mut Plan) {
        (**self).describe(plan);
    }
}
