//! `par_map_by_key`: runs futures in parallel across keys, in order and at a polite pace within each.

mod keys;
mod limits;
mod valve;

use std::{collections::VecDeque, fmt, hash::Hash, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, DropReason, Fault, Holds, Observable, Plan};
use tokio::time::{Duration, Instant};

use self::{
    keys::{Keys, Place},
    limits::Delay,
};
pub use self::{limits::KeyLimits, valve::Valve};
use crate::{Flow, Stage, jobs::Jobs, ledger::Ledger, timer::Timer};

/// What a result takes of the budget. What comes after it may be much, and lead to new work: so what is started in a poll
/// gets its turn after some dozens of results, not after a thousand.
const WEIGHT: u32 = 32;

impl<O: Observable> Flow<O> {
    /// Runs a future for every item, in parallel across keys, in order and at a polite pace within each key.
    ///
    /// ```text
    /// in   --a1-a2-b1-------|
    ///        par_map_by_key(first letter, one of a key at once, f)    f takes 6
    /// out  --------a1-----b1(a2|)
    /// ```
    ///
    /// [`KeyLimits`] says how much runs at once, in all and of one key, how far apart the starts of one key are, and how
    /// much may wait; a [`Valve`] in them pauses the starts, or limits their rate, while the flow runs. Keys take turns, so
    /// a busy one does not starve the others. A key without work whose delay has passed is forgotten. Every future runs
    /// in a task of its own.
    ///
    /// # Backpressure
    ///
    /// Holds what waits and what runs or is done, both bounded by the limits; when the waiting room is full the source is
    /// not polled.
    ///
    /// # Cancel safety
    ///
    /// Dropping the flow aborts the futures; what ran or waited is lost and counted as cancelled.
    ///
    /// # Errors
    ///
    /// [`Fault::Upstream`] with the error of the stream, [`Fault::Panicked`] if a future panicked. Either comes after
    /// the results of all other items that were pulled.
    ///
    /// # Panics
    ///
    /// Panics when an item starts outside of a tokio runtime. A clone of a flow that runs panics.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::{operators::concurrency::KeyLimits, prelude::*};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let pages = [("a.org", 1), ("b.org", 1), ("a.org", 2)];
    /// let fetched = pages.flow().par_map_by_key(
    ///     |(host, _)| host.to_string(),
    ///     KeyLimits::new(8).per_key(1),
    ///     |(host, page)| async move { format!("{host}/{page}") },
    /// );
    /// let of_a = fetched.filter(|url| url.starts_with('a')).collect::<Vec<_>>().await;
    /// assert_eq!(of_a, Ok(vec!["a.org/1".to_owned(), "a.org/2".to_owned()]));
    /// # }
    /// ```
    #[doc(alias = "map_async_partitioned")]
    #[doc(alias = "group_by")]
    #[doc(alias = "politeness")]
    #[track_caller]
    pub fn par_map_by_key<K, G, F, W>(
        self,
        key: G,
        limits: KeyLimits<K>,
        work: F,
    ) -> Flow<ParMapByKey<O, K, G, F, W>>
    where
        K: Hash + Eq + Clone,
        G: FnMut(&O::Item) -> K,
        F: FnMut(O::Item) -> W,
        W: Future<Output: Send + 'static> + Send + 'static,
    {
        let stage = Stage::new("par_map_by_key", self.into_inner(), key);
        Flow::new(ParMapByKey {
            jobs: Jobs::new(stage.id()),
            stage,
            work: Some(work),
            limits,
            keys: Keys::new(),
            done: VecDeque::new(),
            timer: Timer::new(),
            fault: None,
            ledger: Ledger::new(),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::par_map_by_key`].
    #[must_use = "flows do nothing unless run"]
    pub struct ParMapByKey<O, K, G, F, W>
    where
        O: Observable,
        W: Future,
    {
        #[pin]
        stage: Stage<O, G>,
        // Outlives the source: items wait when it has ended.
        work: Option<F>,
        limits: KeyLimits<K>,
        keys: Keys<K, O::Item, W::Output>,
        jobs: Jobs<Place, W::Output>,
        done: VecDeque<W::Output>,
        timer: Timer,
        // Told when all that was pulled is handed on.
        fault: Option<Fault<O::Error>>,
        ledger: Ledger,
    }
}

impl<O, K, G, F, W> Observable for ParMapByKey<O, K, G, F, W>
where
    O: Observable,
    K: Hash + Eq + Clone,
    G: FnMut(&O::Item) -> K,
    F: FnMut(O::Item) -> W,
    W: Future<Output: Send + 'static> + Send + 'static,
{
    type Item = W::Output;
    type Error = Fault<O::Error>;

    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: E,
    ) -> Poll<Result<Drained, Self::Error>>
    where
        E: FnMut(W::Output) -> ControlFlow<()>,
    {
        let mut this = self.project();
        let (keys, jobs, done, limits) = (this.keys, this.jobs, this.done, this.limits);
        let mut now = Instant::now();
        keys.release(now, limits.per_key);
        loop {
            // The source hears of a stop before what is done goes out, as the consumer may break.
            let tells = this.stage.owes_stop(cx);
            while cx.budget() > 0
                && !tells
                && let Some(result) = done.pop_front()
            {
                this.ledger.emit(1);
                cx.spend_many(WEIGHT);
                if emit(result).is_break() {
                    return Poll::Ready(Ok(Drained::Stopped));
                }
            }
            let mut pulled = Poll::Pending;
            let full = keys.waiting() >= limits.waiting;
            if !full || tells {
                let quota = if full { 0 } else { u32::MAX };
                pulled = cx.limited(quota, |cx| {
                    this.stage.as_mut().drain(cx, |key, item| {
                        this.ledger.receive(1);
                        keys.push(key(&item), item, limits.per_key);
                        if keys.waiting() < limits.waiting {
                            ControlFlow::Continue(())
                        } else {
                            ControlFlow::Break(())
                        }
                    })
                });
            }
            if cx.stopping() && limits.drop_waiting_on_stop {
                let dropped = keys.clear(limits.per_key) as u64;
                this.ledger.drop_items(DropReason::Cancelled, dropped);
            }
            if let Poll::Ready(Err(error)) = pulled {
                this.fault.get_or_insert(Fault::Upstream(error));
                pulled = Poll::Ready(Ok(Drained::Completed));
            }
            let mut progress = tells || matches!(pulled, Poll::Ready(Ok(Drained::Stopped)));
            // When the valve lets the next item start, if that is known.
            let mut opens = None;
            while keys.held() < limits.total
                && keys.is_ready()
                && let Some(work) = this.work
            {
                if let Some(valve) = &limits.valve
                    && let Err(instant) = valve.pass(now, cx.stopping(), cx.task())
                {
                    opens = instant;
                    break;
                }
                let Some((place, item)) =
                    keys.start(now, limits.per_key, |key| limits.delay.of(key))
                else {
                    break;
                };
                // There is room for another to wait.
                progress |= full;
                jobs.spawn(place, work(item));
            }
            while let Poll::Ready(Some((place, result))) = jobs.poll_next(cx.task()) {
                progress = true;
                let result = match result {
                    Ok(result) => Some(result),
                    Err(panicked) => {
                        this.ledger.drop_items(DropReason::Failed, 1);
                        this.stage.as_mut().end();
                        this.fault.get_or_insert(Fault::Panicked(panicked));
                        None
                    }
                };
                keys.finish(place, result, limits, done);
            }
            if cx.budget() == 0 {
                return Poll::Ready(Ok(Drained::Exhausted));
            }
            if progress {
                continue;
            }
            if !full && matches!(pulled, Poll::Ready(Ok(Drained::Exhausted))) {
                // It had only a share of the budget, and wakes nobody.
                return Poll::Ready(Ok(Drained::Exhausted));
            }
            if this.stage.is_ended() && keys.waiting() == 0 && jobs.len() == 0 {
                *this.work = None;
                *keys = Keys::new();
                limits.delay = Delay::Fixed(Duration::ZERO);
                return Poll::Ready(this.fault.take().map_or(Ok(Drained::Completed), Err));
            }
            if let Some(at) = keys.next_release().into_iter().chain(opens).min() {
                this.timer.set(at);
                if this.timer.poll(cx.task(), now) {
                    now = now.max(at);
                    keys.release(now, limits.per_key);
                    continue;
                }
            }
            return Poll::Pending;
        }
    }

    fn describe(&self, plan: &mut Plan) {
        let held = self.limits.waiting.saturating_add(self.limits.total);
        plan.stage(self.stage.id())
            .holds(Holds::Items(held))
            .meter(self.ledger.meter())
            .inputs(self.stage.input());
    }
}

impl<O, K, G, F, W> ParMapByKey<O, K, G, F, W>
where
    O: Observable,
    K: Hash + Eq + Clone,
    W: Future,
{
    /// Counts the keys that have work or wait for their delay to pass.
    pub fn known_keys(&self) -> usize {
        self.keys.known()
    }
}

impl<O, K, G, F, W> Clone for ParMapByKey<O, K, G, F, W>
where
    O: Observable + Clone,
    K: Hash + Eq + Clone,
    G: Clone,
    F: Clone,
    W: Future<Output: Send + 'static>,
{
    fn clone(&self) -> Self {
        Self {
            stage: self.stage.clone(),
            work: self.work.clone(),
            limits: self.limits.clone(),
            keys: Keys::new(),
            jobs: self.jobs.clone(),
            done: VecDeque::new(),
            timer: Timer::new(),
            fault: None,
            ledger: self.ledger.begin_anew(),
        }
    }
}

impl<O, K, G, F, W> fmt::Debug for ParMapByKey<O, K, G, F, W>
where
    O: Observable + fmt::Debug,
    W: Future,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParMapByKey")
            .field("stage", &self.stage)
            .field("limits", &self.limits)
            .field("keys", &self.keys)
            .field("jobs", &self.jobs)
            .finish_non_exhaustive()
    }
}
