//! `pace`: spaces items out, without a loss.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll, time::Duration};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, DropReason, Holds, Observable, Plan};
use tokio::time::Instant;

use crate::{
    Flow, Stage,
    ledger::Ledger,
    timer::{Timer, later},
};

/// Lateness of a timer that is made up for. The runtime's timers are good to a millisecond, which at a high rate is the
/// time of many items.
const LATENESS: Duration = Duration::from_millis(5);

impl<O: Observable> Flow<O> {
    /// Spaces items out to at most `items` in every `per`, and drops none.
    ///
    /// ```text
    /// in   -(abc)------d--|
    ///        pace(2, 8)
    /// out  -a---b---c---d-|
    ///        pace(2, 8).burst(2)
    /// out  -(ab)c------d--|
    /// ```
    ///
    /// Items go out evenly, one every `per / items`; after a rest [`burst`](Flow::burst) lets several go at once. It is
    /// a token bucket that is kept as one instant: a poll lets as many items pass as there are tokens, and there is at
    /// most one timer. Items that are not alike have a [weight](Flow::weigh). Above some hundred items a second, where
    /// the runtime's timers are too coarse to part the items, those of a millisecond or so come together.
    ///
    /// The end of the stream is never delayed. To keep a slow consumer up to date by dropping see
    /// [`throttle`](Flow::throttle).
    ///
    /// # Backpressure
    ///
    /// While an item waits for its time the source is not polled. Holds that one item.
    ///
    /// # Cancel safety
    ///
    /// Dropping the flow drops the item that waits, and counts it as cancelled.
    ///
    /// # Errors
    ///
    /// An error of the stream comes after the items before it. If the source fails when it is told to stop, the item
    /// that waits is dropped and counted as failed.
    ///
    /// # Panics
    ///
    /// Panics if `items` is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let requests = (1..=4).flow().pace(100, Duration::from_secs(1)).burst(2);
    /// assert_eq!(requests.collect::<Vec<_>>().await, Ok(vec![1, 2, 3, 4]));
    /// # }
    /// ```
    #[doc(alias = "rate_limit")]
    #[doc(alias = "shape")]
    #[doc(alias = "throttle")]
    #[doc(alias = "delay_elements")]
    #[track_caller]
    pub fn pace(self, items: u32, per: Duration) -> Flow<Pace<O>> {
        assert!(items > 0, "a pace of 0 items lets nothing through");
        Flow::new(Pace {
            stage: Stage::new("pace", self.into_inner(), |_| 1),
            bucket: Bucket {
                interval: per / items,
                credit: Duration::ZERO,
                full_at: None,
            },
            held: None,
            timer: Timer::new(),
            ledger: Ledger::new(),
        })
    }
}

impl<O: Observable, W: FnMut(&O::Item) -> u32> Flow<Pace<O, W>> {
    /// Lets up to `items` go at once after a rest; the average stays what it is. The default is 1.
    ///
    /// # Panics
    ///
    /// Panics if `items` is 0.
    #[track_caller]
    pub fn burst(self, items: u32) -> Self {
        assert!(items > 0, "a burst of 0 items lets nothing through");
        let mut pace = self.into_inner();
        pace.bucket.credit = pace.bucket.interval.saturating_mul(items - 1);
        Self::new(pace)
    }
}

impl<O: Observable> Flow<Pace<O>> {
    /// Counts an item as often as `weight` says, bytes for example: then at most `items` of them go in every `per`.
    ///
    /// An item goes when the bucket has its weight, or is full: one that is heavier than a [`burst`](Flow::burst) goes
    /// alone, and what comes after it waits for the rest. A weight of 0 goes as soon as it is its turn and takes
    /// nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let lines = ["short", "a longer line"].flow();
    /// let paced = lines.pace(1000, Duration::from_secs(1)).weigh(|line| line.len() as u32);
    /// assert_eq!(paced.count().await, Ok(2));
    /// # }
    /// ```
    #[doc(alias = "cost")]
    pub fn weigh<W>(self, weight: W) -> Flow<Pace<O, W>>
    where
        W: FnMut(&O::Item) -> u32,
    {
        let pace = self.into_inner();
        Flow::new(Pace {
            stage: pace.stage.map_state(|_| weight),
            bucket: pace.bucket,
            held: pace.held,
            timer: pace.timer,
            ledger: pace.ledger,
        })
    }
}

/// A token bucket as one instant, by virtual scheduling: an item moves it on by `interval`, time runs after it.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    interval: Duration,
    /// How far `full_at` may be ahead of the clock for one more item to go: what a burst takes, less its last item.
    credit: Duration,
    /// When all tokens are back.
    full_at: Option<Instant>,
}

impl Bucket {
    /// Tells how far `full_at` may be ahead of the clock for an item of that weight to go.
    #[inline]
    fn credit(&self, weight: u32) -> Duration {
        match weight {
            0 => Duration::MAX,
            1 => self.credit,
            _ => self
                .credit
                .saturating_sub(self.interval.saturating_mul(weight - 1)),
        }
    }

    #[inline]
    fn allows(&self, weight: u32, now: Instant) -> bool {
        self.full_at
            .is_none_or(|full| full.saturating_duration_since(now) <= self.credit(weight))
    }

    /// Takes tokens as of `at`, which may be a little in the past.
    #[inline]
    fn take(&mut self, weight: u32, at: Instant) {
        let from = self.full_at.map_or(at, |full| full.max(at));
        let time = match weight {
            1 => self.interval,
            _ => self.interval.saturating_mul(weight),
        };
        self.full_at = Some(later(from, time));
    }

    /// Tells when an item may go; `None` if it may already.
    fn due(&self, weight: u32) -> Option<Instant> {
        self.full_at?.checked_sub(self.credit(weight))
    }
}

pin_project! {
    /// The observable of [`Flow::pace`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct Pace<O, W = fn(&<O as Observable>::Item) -> u32>
    where
        O: Observable,
    {
        #[pin]
        stage: Stage<O, W>,
        bucket: Bucket,
        // And its weight.
        held: Option<(O::Item, u32)>,
        timer: Timer,
        ledger: Ledger,
    }
}

impl<O: Observable, W: FnMut(&O::Item) -> u32> Observable for Pace<O, W> {
    type Item = O::Item;
    type Error = O::Error;

    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: E,
    ) -> Poll<Result<Drained, O::Error>>
    where
        E: FnMut(O::Item) -> ControlFlow<()>,
    {
        let mut this = self.project();
        let (bucket, held, ledger) = (this.bucket, this.held, this.ledger);
        let mut now = Instant::now();
        // When what goes out now is booked.
        let mut at = now;
        loop {
            // Without a budget nobody asks for an item; and the source hears of a stop first, as the consumer may break.
            if cx.budget() > 0
                && !this.stage.owes_stop(cx)
                && let Some((item, weight)) =
                    held.take_if(|(_, weight)| bucket.allows(*weight, now))
            {
                let due = bucket.due(weight).max(now.checked_sub(LATENESS));
                at = due.unwrap_or(now);
                bucket.take(weight, at);
                ledger.emit(1);
                if emit(item).is_break() {
                    return Poll::Ready(Ok(Drained::Stopped));
                }
            }
            if let Some((_, weight)) = *held
                && !this.stage.owes_stop(cx)
            {
                if bucket.allows(weight, now) {
                    return Poll::Ready(Ok(Drained::Exhausted));
                }
                let due = bucket.due(weight).unwrap_or(now);
                this.timer.set(due);
                if !this.timer.poll(cx.task(), now) {
                    return Poll::Pending;
                }
                now = now.max(due);
                continue;
            }
            let quota = if held.is_some() { 0 } else { u32::MAX };
            let (mut received, mut emitted) = (0, 0);
            let drained = cx.limited(quota, |cx| {
                this.stage.as_mut().drain(cx, |weigh, item| {
                    received += 1;
                    let weight = weigh(&item);
                    if !bucket.allows(weight, now) {
                        *held = Some((item, weight));
                        return ControlFlow::Break(());
                    }
                    bucket.take(weight, at);
                    emitted += 1;
                    emit(item)
                })
            });
            ledger.receive(received);
            ledger.emit(emitted);
            if let Poll::Ready(Err(_)) = drained {
                let left = u64::from(held.take().is_some());
                ledger.drop_items(DropReason::Failed, left);
            }
            if held.is_none() {
                return drained;
            }
        }
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.stage.id())
            .holds(Holds::Items(1))
            .meter(self.ledger.meter())
            .inputs(self.stage.input());
    }
}

impl<O: Observable + fmt::Debug, W> fmt::Debug for Pace<O, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pace")
            .field("stage", &self.stage)
            .field("bucket", &self.bucket)
            .field("held", &self.held.is_some())
            .finish_non_exhaustive()
    }
}
