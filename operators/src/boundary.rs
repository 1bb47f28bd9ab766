//! The border between two tasks: the upstream runs in one of its own and hands over by the batch.

use std::{
    any::Any,
    collections::VecDeque,
    fmt,
    future::poll_fn,
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    task::{Context, Poll, ready},
};

use thalweg_core::{
    Cx, Drained, DropReason, Fault, Holds, Meter, Observable, Overflow, Overflowed, Panicked, Plan,
    StageId,
    queue::{QueueReceiver, QueueSender, queue},
};
use tokio::task::AbortHandle;

use crate::Stage;

/// Aborts a task when it is dropped, so that dropping a flow cancels all of it.
#[derive(Debug)]
pub(crate) struct AbortOnDrop(pub(crate) AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// An observable that moves into a task of its own at the first poll.
pub(crate) struct Boundary<O: Observable> {
    state: State<O>,
    capacity: usize,
    overflow: Overflow,
    meter: Meter,
    id: StageId,
}

enum State<O: Observable> {
    Idle(Stage<O>),
    Running {
        receiver: QueueReceiver<O::Item, Fault<O::Error>>,
        _task: AbortOnDrop,
    },
    Ended,
}

impl<O: Observable> Boundary<O> {
    #[track_caller]
    pub(crate) fn new(name: &'static str, source: O, capacity: usize, overflow: Overflow) -> Self {
        assert!(capacity > 0, "{name} of 0 items lets nothing through");
        let stage = Stage::new(name, source, ());
        Self {
            id: stage.id(),
            state: State::Idle(stage),
            capacity,
            overflow,
            meter: Meter::new(),
        }
    }

    pub(crate) fn describe(&self, plan: &mut Plan) {
        let stage = plan
            .stage(self.id)
            .holds(Holds::Items(self.capacity))
            .meter(&self.meter);
        if let State::Idle(upstream) = &self.state
            && let Some(input) = upstream.input()
        {
            stage.input(input);
        }
    }
}

impl<O> Boundary<O>
where
    O: Observable<Item: Send, Error: Send> + Send + 'static,
{
    pub(crate) fn poll_drain(
        &mut self,
        cx: &mut Cx<'_, '_>,
        emit: impl FnMut(O::Item) -> ControlFlow<()>,
    ) -> Poll<Result<Drained, Fault<O::Error>>> {
        if let State::Idle(_) = self.state
            && let State::Idle(stage) = std::mem::replace(&mut self.state, State::Ended)
        {
            let (sender, receiver) =
                queue(self.id, self.capacity, self.overflow, self.meter.clone());
            let task = tokio::spawn(feed(stage, sender));
            self.state = State::Running {
                receiver,
                _task: AbortOnDrop(task.abort_handle()),
            };
        }
        let State::Running { receiver, .. } = &mut self.state else {
            return Poll::Ready(Ok(Drained::Completed));
        };
        let drained = ready!(Pin::new(receiver).poll_drain(cx, emit));
        if matches!(drained, Ok(Drained::Completed) | Err(_)) {
            self.state = State::Ended;
        }
        Poll::Ready(drained)
    }
}

impl<O: Observable + Clone> Clone for Boundary<O> {
    /// A clone starts anew.
    ///
    /// # Panics
    ///
    /// Panics if the flow runs already: what is in the other task cannot be cloned.
    #[track_caller]
    fn clone(&self) -> Self {
        let state = match &self.state {
            State::Idle(stage) => State::Idle(stage.clone()),
            State::Ended => State::Ended,
            State::Running { .. } => panic!("{} runs: clone a flow before it is polled", self.id),
        };
        Self {
            state,
            capacity: self.capacity,
            overflow: self.overflow,
            meter: self.meter.clone(),
            id: self.id,
        }
    }
}

impl<O: Observable + fmt::Debug> fmt::Debug for Boundary<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct(self.id.name());
        match &self.state {
            State::Idle(stage) => out.field("source", stage),
            State::Running { receiver, .. } => out.field("receiver", receiver),
            State::Ended => out.field("ended", &true),
        };
        out.field("capacity", &self.capacity)
            .field("overflow", &self.overflow)
            .finish_non_exhaustive()
    }
}

/// Items that a queue which drops is offered at once, for its policy to decide on.
const OFFER: usize = 64;

/// How a source came to its end; `None` if its receiver left before.
pub(crate) type End<E> = Option<Result<(), Fault<E>>>;

/// The task: drains the source into the queue until either has come to its end.
async fn feed<O: Observable>(stage: Stage<O>, sender: QueueSender<O::Item, Fault<O::Error>>) {
    let id = stage.id();
    let mut feeder = Feeder {
        batch: VecDeque::new(),
        sender,
        end: None,
        id,
    };
    let end = run_source(stage, |stage, task| feeder.poll(stage, task)).await;
    // What was made before a panic is delivered; the batch was made to fit.
    let _ = feeder.sender.send_batch(&mut feeder.batch);
    let left = feeder.batch.len() as u64;
    feeder.sender.count_dropped(DropReason::Cancelled, left);
    if let Some(end) = end {
        feeder.sender.end(end);
    }
}

/// Runs the source of a task until `poll` is ready, then drops it; gives the end that is to be told.
///
/// The source is gone before anybody hears of its end. A panic, also of its drop, is the end and not a completion.
pub(crate) async fn run_source<O: Observable, S>(
    stage: Stage<O, S>,
    mut poll: impl FnMut(Pin<&mut Stage<O, S>>, &mut Context<'_>) -> Poll<End<O::Error>>,
) -> End<O::Error> {
    let id = stage.id();
    let panicked =
        |payload: Box<dyn Any + Send>| Err(Fault::Panicked(Panicked::new(id, &*payload)));
    let mut stage = pin!(stage);
    let end = poll_fn(|task| {
        let poll = AssertUnwindSafe(|| poll(stage.as_mut(), task));
        catch_unwind(poll).unwrap_or_else(|payload| Poll::Ready(Some(panicked(payload))))
    })
    .await;
    let dropped = catch_unwind(AssertUnwindSafe(|| stage.as_mut().end()));
    Some(end?.and_then(|()| dropped.or_else(panicked)))
}

struct Feeder<T, E> {
    batch: VecDeque<T>,
    sender: QueueSender<T, Fault<E>>,
    /// The end of the source, while the queue has no room for what came before it.
    end: End<E>,
    id: StageId,
}

impl<T, E> Feeder<T, E> {
    /// Ready with the end of the source, or with `None` once nobody receives any more.
    fn poll<O: Observable<Item = T, Error = E>>(
        &mut self,
        mut stage: Pin<&mut Stage<O>>,
        task: &mut Context<'_>,
    ) -> Poll<End<E>> {
        let stopping = self.sender.stop_requested(task);
        let capacity = self.sender.capacity();
        let lossless = self.sender.overflow() == Overflow::Wait;
        let mut budget = Cx::DEFAULT_BUDGET;
        loop {
            if let Some(end) = self.flush() {
                return Poll::Ready(end);
            }
            let room = match self.sender.poll_room(task) {
                Poll::Ready(Err(_)) => return Poll::Ready(None),
                // Half the queue at a time, so that both sides can work.
                Poll::Ready(Ok(room)) => room.min(capacity.div_ceil(2)),
                Poll::Pending => 0,
            };
            if !self.batch.is_empty() && room > 0 {
                continue;
            }
            let mut cx = Cx::new(task).with_stop(stopping).with_budget(budget);
            let full = room == 0 && lossless;
            if full {
                if !stage.owes_stop(&cx) {
                    return Poll::Pending;
                }
                cx = cx.with_budget(0);
            }
            let batch = &mut self.batch;
            let most = if lossless { room } else { OFFER.max(room) };
            let drained = stage.as_mut().drain(&mut cx, |(), item| {
                batch.push_back(item);
                if batch.len() < most {
                    ControlFlow::Continue(())
                } else {
                    ControlFlow::Break(())
                }
            });
            if !full {
                budget = cx.budget();
            }
            let pending = drained.is_pending();
            let exhausted = matches!(drained, Poll::Ready(Ok(Drained::Exhausted))) && !full;
            match drained {
                Poll::Ready(Ok(Drained::Completed)) => self.end = Some(Ok(())),
                Poll::Ready(Err(error)) => self.end = Some(Err(Fault::Upstream(error))),
                _ => {}
            }
            if let Some(end) = self.flush() {
                return Poll::Ready(end);
            }
            if exhausted {
                task.waker().wake_by_ref();
            }
            if pending || exhausted {
                return Poll::Pending;
            }
        }
    }

    /// Sends what was made; ready if that was the last, or if there is nobody or no room for it.
    fn flush(&mut self) -> Option<End<E>> {
        if self.sender.send_batch(&mut self.batch).is_err() {
            return Some(None);
        }
        if self.batch.is_empty() {
            return self.end.take().map(Some);
        }
        if self.sender.overflow() == Overflow::Wait {
            return None;
        }
        let surplus = self.batch.drain(..).len() as u64;
        self.sender.count_dropped(DropReason::Overflow, surplus);
        let overflowed = Overflowed::new(self.id, self.sender.capacity());
        Some(Some(Err(Fault::Overflowed(overflowed))))
    }
}
