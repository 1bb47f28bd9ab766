//! `find`: lets the first item pass that a predicate holds for, then completes.

use std::fmt;

use pin_project_lite::pin_project;
use thalweg_core::Observable;

use crate::{Flow, Stage, delegate::delegate};

impl<O: Observable> Flow<O> {
    /// Lets the first item pass that `predicate` holds for, then completes.
    ///
    /// ```text
    /// in   --1--2--3--4--|
    ///        find(even)
    /// out  -----(2|)
    /// ```
    ///
    /// The source is dropped before the item is handed on. If there is none, nothing comes.
    ///
    /// # Backpressure
    ///
    /// Passes it on; holds nothing.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost: an item is judged and handed on in one step.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let square = (10..).flow().find(|n: &u32| n.is_power_of_two());
    /// assert_eq!(square.collect::<Vec<_>>().await, Ok(vec![16]));
    /// # }
    /// ```
    #[doc(alias = "first_where")]
    #[track_caller]
    pub fn find<F>(self, predicate: F) -> Flow<Find<O, F>>
    where
        F: FnMut(&O::Item) -> bool,
    {
        Flow::new(Find {
            stage: Stage::new("find", self.into_inner(), predicate),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::find`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct Find<O, F> {
        #[pin]
        stage: Stage<O, F>,
    }
}

impl<O, F> Observable for Find<O, F>
where
    O: Observable,
    F: FnMut(&O::Item) -> bool,
{
    type Item = O::Item;
    type Error = O::Error;

    delegate!(stage.pick(|predicate, item| predicate(&item).then_some(item)));
}

impl<O: fmt::Debug, F> fmt::Debug for Find<O, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stage.fmt(f)
    }
}
