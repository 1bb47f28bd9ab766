//! `retry`: runs the flow again after an error.

mod backoff;

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan, StageId};
use tokio::time::Instant;

use crate::{
    Flow,
    timer::{Timer, later},
};

pub use backoff::{Backoff, Decorrelated, Exponential, Fixed, RetryAfter};

impl<O: Observable> Flow<O> {
    /// Runs the flow again after an error, as often and after such waits as `backoff` says.
    ///
    /// ```text
    /// in   --1--#
    ///        retry(Backoff::fixed(3).max_retries(1).stable_for(100))
    /// out  --1-------1--#
    /// ```
    ///
    /// Each attempt is a pristine clone of the flow, made when it begins; the one that failed is dropped before the wait.
    /// Retries are counted in a row: the first item of an attempt begins the count anew, with
    /// [`stable_for`](Backoff::stable_for) an attempt that has kept up for a while. Items that were handed on come again
    /// if the source begins from the start.
    ///
    /// Only errors of what stands before it count. What fails further down, the consumer included, ends the flow and is
    /// never the reason of a retry.
    ///
    /// To have another flow say when to begin again see [`retry_when`](Flow::retry_when).
    ///
    /// When the flow is told to stop there are no further attempts: a wait ends in completion.
    ///
    /// # Backpressure
    ///
    /// Passes it on; holds no items.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost but what the flow itself may lose.
    ///
    /// # Errors
    ///
    /// The error of the last attempt, when there are to be no more.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use thalweg::{operators::error::Backoff, prelude::*};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let numbers = ["1", "x"].flow().map(str::parse::<u32>).raise();
    /// let backoff = Backoff::exponential(Duration::from_millis(1), Duration::from_secs(1))
    ///     .max_retries(2)
    ///     .stable_for(Duration::from_secs(60));
    /// let mut seen = Vec::new();
    /// let end = numbers.retry(backoff).for_each(|n| seen.push(n)).await;
    /// assert!(end.is_err());
    /// assert_eq!(seen, [1, 1, 1]);
    /// # }
    /// ```
    #[doc(alias = "retry_backoff")]
    #[doc(alias = "restart_source")]
    #[track_caller]
    pub fn retry<W>(self, backoff: Backoff<W>) -> Flow<Retry<O, W>>
    where
        O: Clone,
        W: RetryAfter<O::Error>,
    {
        Flow::new(Retry {
            attempt: None,
            rest: Some(Rest {
                pristine: self.into_inner(),
                backoff,
            }),
            waits: false,
            retries: 0,
            first_item: None,
            timer: Timer::new(),
            id: StageId::here("retry"),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::retry`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct Retry<O, W> {
        #[pin]
        attempt: Option<O>,
        // What further attempts are made of, until the end.
        rest: Option<Rest<O, W>>,
        waits: bool,
        // Retries in a row.
        retries: u32,
        // When the attempt had its first item; only kept for `stable_for`.
        first_item: Option<Instant>,
        timer: Timer,
        id: StageId,
    }
}

#[derive(Clone)]
struct Rest<O, W> {
    pristine: O,
    backoff: Backoff<W>,
}

impl<O, W> Observable for Retry<O, W>
where
    O: Observable + Clone,
    W: RetryAfter<O::Error>,
{
    type Item = O::Item;
    type Error = O::Error;

    #[inline]
    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: E,
    ) -> Poll<Result<Drained, O::Error>>
    where
        E: FnMut(O::Item) -> ControlFlow<()>,
    {
        let mut this = self.project();
        let mut poll = None;
        // The clock is read once, and only if somebody asks.
        let mut now = || *poll.get_or_insert_with(Instant::now);
        loop {
            let Some(rest) = this.rest else {
                return Poll::Ready(Ok(Drained::Completed));
            };
            if this.attempt.is_none() {
                if *this.retries > 0 && cx.stopping() {
                    *this.rest = None;
                    continue;
                }
                if *this.waits && !this.timer.poll(cx.task(), now()) {
                    return Poll::Pending;
                }
                *this.waits = false;
                // A source that fails at once must not hold the thread.
                if *this.retries > 0 && !cx.spend() {
                    return Poll::Ready(Ok(Drained::Exhausted));
                }
                this.attempt.set(Some(rest.pristine.clone()));
            }
            let Some(attempt) = this.attempt.as_mut().as_pin_mut() else {
                continue;
            };
            let mut delivered = false;
            let drained = attempt.poll_drain(cx, |item| {
                delivered = true;
                emit(item)
            });
            if delivered {
                match rest.backoff.stable_for {
                    None => *this.retries = 0,
                    Some(_) if this.first_item.is_none() => *this.first_item = Some(now()),
                    Some(_) => {}
                }
            }
            let error = match drained {
                Poll::Ready(Err(error)) => error,
                Poll::Ready(Ok(Drained::Completed)) => {
                    this.attempt.set(None);
                    *this.rest = None;
                    return drained;
                }
                _ => return drained,
            };
            this.attempt.set(None);
            if let (Some(first), Some(time)) = (this.first_item.take(), rest.backoff.stable_for)
                && now().saturating_duration_since(first) >= time
            {
                *this.retries = 0;
            }
            *this.retries = this.retries.saturating_add(1);
            let wait = if cx.stopping() {
                None
            } else {
                rest.backoff.wait(*this.retries, &error)
            };
            let Some(wait) = wait else {
                *this.rest = None;
                return Poll::Ready(Err(error));
            };
            this.timer.set(later(now(), wait));
            *this.waits = true;
        }
    }

    fn describe(&self, plan: &mut Plan) {
        let pristine = self.rest.as_ref().map(|rest| &rest.pristine);
        plan.stage(self.id)
            .inputs(self.attempt.as_ref().or(pristine));
    }
}

impl<O: fmt::Debug, W> fmt::Debug for Retry<O, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retry")
            .field("attempt", &self.attempt)
            .field("backoff", &self.rest.as_ref().map(|rest| &rest.backoff))
            .field("retries", &self.retries)
            .finish_non_exhaustive()
    }
}
