//! `subscribe`: runs the flow into a subject.

use std::{future::poll_fn, ops::ControlFlow, pin::pin, task::Poll};

use thalweg_core::{Observable, Subject};

use crate::{
    Flow,
    drive::{Rest, drive},
};

/// Items that are gathered before they are sent at most.
const BATCH: usize = 1024;

impl<O: Observable> Flow<O> {
    /// Runs the flow into a subject: its items, and then its completion or its error, reach all who are subscribed.
    ///
    /// ```text
    /// in   --1--2--3--|
    ///        subscribe(subject)
    ///        1  2  3  |    to every subscriber
    /// ```
    ///
    /// Several flows may feed one subject; the first that ends ends it for all, and what is sent after that is dropped and
    /// counted. To have the subscribers begin the flow see [`share`](Flow::share).
    ///
    /// # Backpressure
    ///
    /// While the slowest lossless subscriber has no room, nothing is pulled. Holds one batch of at most 1,024 items. With no
    /// subscriber all is pulled and dropped.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses the batch that waits for room, at most 1,024 items, and does not end the subject.
    ///
    /// # Errors
    ///
    /// None here: the error of the stream becomes that of the subject.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let numbers = Subject::new(16);
    /// let (all, even) = (numbers.subscribe().flow(), numbers.subscribe().flow());
    /// (1..=4).flow().subscribe(numbers).await;
    /// assert_eq!(all.count().await, Ok(4));
    /// assert_eq!(even.filter(|n| n % 2 == 0).collect::<Vec<_>>().await, Ok(vec![2, 4]));
    /// # }
    /// ```
    #[doc(alias = "multicast")]
    #[doc(alias = "publish")]
    #[doc(alias = "emit_all")]
    pub fn subscribe(self, subject: Subject<O::Item, O::Error>) -> impl Future<Output = ()> {
        run(self, subject)
    }
}

async fn run<O: Observable>(flow: Flow<O>, subject: Subject<O::Item, O::Error>) {
    let mut flow = pin!(Some(flow));
    let mut batch = Vec::new();
    let mut end = None;
    while end.is_none() {
        poll_fn(|task| {
            let Some(flow) = flow.as_mut().as_pin_mut() else {
                return Poll::Ready(());
            };
            let rest = drive(flow, task, false, |item| {
                batch.push(item);
                if batch.len() < BATCH {
                    ControlFlow::Continue(())
                } else {
                    ControlFlow::Break(())
                }
            });
            match rest {
                Poll::Ready(Ok(Rest::Completed)) => end = Some(Ok(())),
                Poll::Ready(Err(error)) => end = Some(Err(error)),
                Poll::Pending if batch.is_empty() => return Poll::Pending,
                // What is ready goes out before more is waited for.
                _ => {}
            }
            Poll::Ready(())
        })
        .await;
        subject.send_batch(&mut batch).await;
        // A subject that always has room is no reason to hold the thread.
        tokio::task::coop::consume_budget().await;
    }
    // The source is gone before anybody hears of its end.
    flow.set(None);
    match end {
        Some(Err(error)) => subject.fail(error),
        _ => subject.complete(),
    }
}
