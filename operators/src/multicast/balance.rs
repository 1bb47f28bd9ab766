//! `balance`: so many flows, each item to one of them.

use std::fmt;

use pin_project_lite::pin_project;
use thalweg_core::Observable;

use crate::{
    Flow, Stage,
    delegate::delegate,
    fan_out::{Deal, Others, Outlet},
};

impl<O: Observable> Flow<O> {
    /// Makes `flows` flows that divide the items among them: each goes to one that has room for it.
    ///
    /// ```text
    /// in   --1--2--3--4--|
    ///        balance(2)
    /// 0    --1-----3--4--|   waits for the next at 6 and 11
    /// 1    -----2--------|   is busy with 2 until the end
    /// ```
    ///
    /// A flow that is polled takes the next item, one that is busy none: to let workers in several tasks pull from one source.
    /// In one task the first that is polled gets all there is, for a budget.
    ///
    /// The source runs without a task: whoever is polled drives it for all, and whoever waits is woken by it. It is dropped when
    /// it ends, or with the last of the flows. When a consumer stops gracefully its flow completes after what it has; once all
    /// are stopping the source is told.
    ///
    /// # Backpressure
    ///
    /// Passes it on: while nobody is polled the source is not either. Each holds at most one item, if the budget is spent.
    ///
    /// # Cancel safety
    ///
    /// Dropping a flow loses at most the one item that it holds, which is counted as cancelled; the others go on.
    ///
    /// # Errors
    ///
    /// All get the error of the source.
    ///
    /// # Panics
    ///
    /// Panics if `flows` is 0. If the source panics while one of the flows is polled, the others panic when they are polled
    /// next.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let mut workers = (1..=100).flow().balance(2);
    /// let (first, second) = (workers.remove(0), workers.remove(0));
    /// let (first, second) = tokio::join!(first.count(), second.count());
    /// assert_eq!(first.unwrap() + second.unwrap(), 100);
    /// # }
    /// ```
    #[doc(alias = "distribute")]
    #[doc(alias = "parallel")]
    #[track_caller]
    pub fn balance(self, flows: usize) -> Vec<Flow<Balance<O>>>
    where
        O: Observable<Error: Clone>,
    {
        assert!(flows > 0, "a balance of 0 flows lets nothing through");
        let stage = Stage::new("balance", self.into_inner(), Keep);
        Outlet::split(stage, flows, 1)
            .into_iter()
            .map(|outlet| Flow::new(Balance { outlet }))
            .collect()
    }
}

pin_project! {
    /// The observable of [`Flow::balance`]. It ends with the source, or when it is dropped; it cannot be cloned.
    #[must_use = "flows do nothing unless run"]
    pub struct Balance<O: Observable> {
        outlet: Outlet<O, Keep>,
    }
}

struct Keep;

impl<T> Deal<T> for Keep {
    // So that nobody has what another waits for.
    const TURN: u32 = 1;
    const HOLDS: usize = 1;

    fn deal(&mut self, item: T, _: &mut Others<'_, T>) -> Option<T> {
        Some(item)
    }
}

impl<O> Observable for Balance<O>
where
    O: Observable<Error: Clone>,
{
    type Item = O::Item;
    type Error = O::Error;

    delegate!(outlet);
}

impl<O: Observable> fmt::Debug for Balance<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.outlet.fmt(f)
    }
}
