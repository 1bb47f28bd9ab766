//! `broadcast`: so many flows, each of which gets every item.

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
    /// Makes `flows` flows, each of which gets every item, from the first on.
    ///
    /// ```text
    /// in   --1--2--3--|
    ///        broadcast(2)
    /// 0    --1--2--3--|
    /// 1    --1--2--3--|
    /// ```
    ///
    /// For flows that come and go see [`share`](Flow::share) and [`replay`](Flow::replay).
    ///
    /// The source runs without a task: whoever is polled drives it for all, and whoever waits is woken by it. It is dropped when
    /// it ends, or with the last of the flows. When a consumer stops gracefully its flow completes after what it has; once all
    /// are stopping the source is told.
    ///
    /// # Backpressure
    ///
    /// The slowest flow holds back the source; the others may be ahead of it by 1,024 items. Each holds those, and 64 of its
    /// own. Read all at a time, or drop those that are not needed.
    ///
    /// # Cancel safety
    ///
    /// Dropping a flow drops what it holds, and counts it as cancelled; the others go on.
    ///
    /// # Errors
    ///
    /// All get the error of the source, each after its items.
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
    /// let mut flows = (1..=4).flow().broadcast(2);
    /// let (sum, count) = (flows.remove(0), flows.remove(0));
    /// let both = tokio::join!(sum.fold(0, |sum, n| sum + n), count.count());
    /// assert_eq!(both, (Ok(10), Ok(4)));
    /// # }
    /// ```
    #[doc(alias = "tee")]
    #[doc(alias = "publish")]
    #[track_caller]
    pub fn broadcast(self, flows: usize) -> Vec<Flow<Broadcast<O>>>
    where
        O: Observable<Item: Clone, Error: Clone>,
    {
        assert!(flows > 0, "a broadcast to 0 flows reaches nobody");
        let stage = Stage::new("broadcast", self.into_inner(), Copies);
        Outlet::split(stage, flows, CAPACITY)
            .into_iter()
            .map(|outlet| Flow::new(Broadcast { outlet }))
            .collect()
    }
}

pin_project! {
    /// The observable of [`Flow::broadcast`]. It ends with the source, or when it is dropped; it cannot be cloned.
    #[must_use = "flows do nothing unless run"]
    pub struct Broadcast<O: Observable> {
        outlet: Outlet<O, Copies>,
    }
}

struct Copies;

impl<T: Clone> Deal<T> for Copies {
    const TURN: u32 = 64;
    const HOLDS: usize = CAPACITY + 64;

    fn deal(&mut self, item: T, others: &mut Others<'_, T>) -> Option<T> {
        for to in others.live {
            others.send(*to, item.clone());
        }
        Some(item)
    }
}

impl<O> Observable for Broadcast<O>
where
    O: Observable<Item: Clone, Error: Clone>,
{
    type Item = O::Item;
    type Error = O::Error;

    delegate!(outlet);
}

impl<O: Observable> fmt::Debug for Broadcast<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.outlet.fmt(f)
    }
}
