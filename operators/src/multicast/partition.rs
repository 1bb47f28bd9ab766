//! `partition`: two flows, of the items that meet a condition and of the others.

use std::fmt;

use pin_project_lite::pin_project;
use thalweg_core::Observable;

use crate::{
    Flow, Stage,
    delegate::delegate,
    fan_out::{Deal, Others, Outlet},
};

/// Items that one flow may be behind.
const CAPACITY: usize = 1024;

impl<O: Observable> Flow<O> {
    /// Makes two flows: one of the items for which `predicate` holds, one of the others.
    ///
    /// ```text
    /// in   --1--2--3--4--5--|
    ///        partition(odd)
    /// 0    --1-----3-----5--|
    /// 1    -----2-----4-----|
    /// ```
    ///
    /// The source runs without a task: whoever is polled drives it for all, and whoever waits is woken by it. It is dropped when
    /// it ends, or with the last of the flows. When a consumer stops gracefully its flow completes after what it has; once all
    /// are stopping the source is told.
    /// Items for a flow that was dropped are dropped and counted.
    ///
    /// # Backpressure
    ///
    /// Each flow holds at most 1,024 items that were found while the other was polled, and 64 of its own. When one is full,
    /// the other waits for it: read both at a time, or drop one.
    ///
    /// # Cancel safety
    ///
    /// Dropping a flow drops what it holds, and counts it as cancelled; the other goes on.
    ///
    /// # Errors
    ///
    /// Both get the error of the source, each after its items.
    ///
    /// # Panics
    ///
    /// If the source panics while one of the flows is polled, the others panic when they are polled next.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let (even, odd) = (1..=5).flow().partition(|n| n % 2 == 0);
    /// let both = tokio::join!(even.collect::<Vec<_>>(), odd.collect::<Vec<_>>());
    /// assert_eq!(both, (Ok(vec![2, 4]), Ok(vec![1, 3, 5])));
    /// # }
    /// ```
    #[doc(alias = "divert_to")]
    #[doc(alias = "split")]
    #[track_caller]
    #[expect(clippy::type_complexity, reason = "it is a pair of flows and no more")]
    pub fn partition<F>(self, predicate: F) -> (Flow<Partition<O, F>>, Flow<Partition<O, F>>)
    where
        O: Observable<Error: Clone>,
        F: FnMut(&O::Item) -> bool,
    {
        let stage = Stage::new("partition", self.into_inner(), Sieve { predicate });
        let mut flows = Outlet::split(stage, 2, CAPACITY)
            .into_iter()
            .map(|outlet| Flow::new(Partition { outlet }));
        match (flows.next(), flows.next()) {
            (Some(first), Some(second)) => (first, second),
            _ => unreachable!("two were made"),
        }
    }
}

pin_project! {
    /// The observable of [`Flow::partition`]. It ends with the source, or when it is dropped; it cannot be cloned.
    #[must_use = "flows do nothing unless run"]
    pub struct Partition<O: Observable, F> {
        outlet: Outlet<O, Sieve<F>>,
    }
}

struct Sieve<F> {
    predicate: F,
}

impl<T, F: FnMut(&T) -> bool> Deal<T> for Sieve<F> {
    const TURN: u32 = 64;
    const HOLDS: usize = CAPACITY + 64;

    fn deal(&mut self, item: T, others: &mut Others<'_, T>) -> Option<T> {
        let to = usize::from(!(self.predicate)(&item));
        if to == others.me {
            return Some(item);
        }
        others.send(to, item);
        None
    }
}

impl<O, F> Observable for Partition<O, F>
where
    O: Observable<Error: Clone>,
    F: FnMut(&O::Item) -> bool,
{
    type Item = O::Item;
    type Error = O::Error;

    delegate!(outlet);
}

impl<O: Observable, F> fmt::Debug for Partition<O, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.outlet.fmt(f)
    }
}
