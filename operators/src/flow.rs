//! The type that all operators hang on.

use std::{ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{BoxObservable, Cx, Drained, Observable, Plan};

use crate::pulls::Pulls;

/// A flow whose type is erased, to be returned, stored or sent elsewhere.
pub type BoxFlow<'a, T, E> = Flow<BoxObservable<'a, T, E>>;

pin_project! {
    /// An observable with all operators as methods.
    ///
    /// A flow is lazy and owned: building it does nothing, dropping it cancels it. If its parts are [`Clone`] it is
    /// too, and a clone of a flow that has not run starts anew: so `repeat` and `retry` subscribe again.
    ///
    /// A flow is a [`Stream`](futures_core::Stream) of `Result<Item, Error>` as well, so that it goes into whatever
    /// takes one; see [`into_stream`](Flow::into_stream) for one without the `Result`.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let squares = (1..=4).flow().map(|n| n * n).filter(|n| n % 2 == 0);
    /// assert_eq!(squares.collect::<Vec<_>>().await, Ok(vec![4, 16]));
    /// # }
    /// ```
    ///
    /// A flow that nobody runs is a mistake, and the compiler says so:
    ///
    /// ```compile_fail
    /// #![deny(unused_must_use)]
    /// use thalweg::prelude::*;
    ///
    /// (1..=4).flow().map(|n| n * n);
    /// ```
    #[derive(Clone, Debug)]
    #[must_use = "flows do nothing unless run"]
    pub struct Flow<O> {
        #[pin]
        source: O,
        // Only for `FusedStream`; the contract itself asks every operator to stay ended.
        pub(crate) ended: bool,
        pub(crate) pulls: Pulls,
    }
}

impl<O: Observable> Flow<O> {
    /// Puts the operators on an observable.
    pub fn new(source: O) -> Self {
        Self {
            source,
            ended: false,
            pulls: Pulls::default(),
        }
    }

    /// Gives the observable back.
    pub fn into_inner(self) -> O {
        self.source
    }

    /// Gives a look at the observable.
    pub fn as_inner(&self) -> &O {
        &self.source
    }

    /// Describes the pipeline: its stages, where they were built and what each may hold.
    pub fn plan(&self) -> Plan {
        Plan::of(&self.source)
    }

    /// Erases the type, for one allocation and a virtual call an item.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// fn words(shout: bool) -> BoxFlow<'static, String, Infallible> {
    ///     let words = ["to", "the", "sea"].flow();
    ///     if shout { words.map(str::to_uppercase).boxed() } else { words.map(String::from).boxed() }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// assert_eq!(words(true).next().await, Ok(Some("TO".to_owned())));
    /// # }
    /// ```
    pub fn boxed<'a>(self) -> BoxFlow<'a, O::Item, O::Error>
    where
        O: Send + 'a,
    {
        Flow::new(BoxObservable::new(self.source))
    }

    /// Gives what is below, to look at.
    pub(crate) fn inner(&self) -> &O {
        &self.source
    }

    pub(crate) fn source(self: Pin<&mut Self>) -> Pin<&mut O> {
        self.project().source
    }
}

impl<O: Observable> Observable for Flow<O> {
    type Item = O::Item;
    type Error = O::Error;

    #[inline]
    fn poll_drain<F>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        emit: F,
    ) -> Poll<Result<Drained, O::Error>>
    where
        F: FnMut(O::Item) -> ControlFlow<()>,
    {
        self.project().source.poll_drain(cx, emit)
    }

    fn describe(&self, plan: &mut Plan) {
        self.source.describe(plan);
    }
}
