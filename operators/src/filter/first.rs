//! `first`: lets the first item pass, then completes.

use pin_project_lite::pin_project;
use thalweg_core::Observable;

use crate::{Flow, Stage, delegate::delegate};

impl<O: Observable> Flow<O> {
    /// Lets the first item pass, then completes.
    ///
    /// ```text
    /// in   --1--2--3--|
    ///        first
    /// out  --(1|)
    /// ```
    ///
    /// The source is dropped before the item is handed on. Of an empty flow nothing comes; see
    /// [`default_if_empty`](Self::default_if_empty) and [`fail_if_empty`](Self::fail_if_empty), and
    /// [`next`](Self::next) for the item itself.
    ///
    /// # Backpressure
    ///
    /// Passes it on; holds nothing.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// assert_eq!((7..).flow().first().collect::<Vec<_>>().await, Ok(vec![7]));
    /// # }
    /// ```
    #[doc(alias = "head")]
    #[doc(alias = "first_or_none")]
    #[track_caller]
    pub fn first(self) -> Flow<First<O>> {
        Flow::new(First {
            stage: Stage::new("first", self.into_inner(), ()),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::first`].
    #[derive(Clone, Debug)]
    #[must_use = "flows do nothing unless run"]
    pub struct First<O> {
        #[pin]
        stage: Stage<O>,
    }
}

impl<O: Observable> Observable for First<O> {
    type Item = O::Item;
    type Error = O::Error;

    delegate!(stage.pick(|(), item| Some(item)));
}
