//! One window as a flow.

use pin_project_lite::pin_project;
use thalweg_core::{Observable, queue::QueueReceiver};

use crate::delegate::delegate;

pin_project! {
    /// The items between two borders, out of [`Flow::window_count`](crate::Flow::window_count) and its like: an observable.
    ///
    /// Completes when the window closes, when the source completes, or when the flow of windows is dropped; fails when the
    /// source fails. What it holds is handed on first. Dropping it drops what it holds and what would still have come,
    /// counted as cancelled; the source goes on. A graceful stop that is asked of it is asked of the source.
    ///
    /// It is filled while the flow of windows is polled, and only then: poll both, in one task, as `merge_map` does, or in
    /// two. To read one window after the other, give the flow of windows a task of its own:
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let mut windows = (1..=5).flow().window_count(2).spawned(1);
    /// let mut sums = Vec::new();
    /// while let Ok(Some(window)) = windows.next().await {
    ///     sums.extend(window.fold(0, |sum, n| sum + n).await);
    /// }
    /// assert_eq!(sums, [3, 7, 5]);
    /// # }
    /// ```
    #[derive(Debug)]
    #[must_use = "flows do nothing unless run"]
    pub struct Window<T, E> {
        #[pin]
        items: QueueReceiver<T, E>,
    }
}

impl<T, E> Window<T, E> {
    pub(super) fn new(items: QueueReceiver<T, E>) -> Self {
        Self { items }
    }
}

impl<T, E> Observable for Window<T, E> {
    type Item = T;
    type Error = E;

    delegate!(items);
}
