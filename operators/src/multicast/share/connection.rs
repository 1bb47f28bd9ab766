//! What the clones of a share have in common: the source, and the task in which it runs while somebody listens.

use std::{
    fmt,
    ops::ControlFlow,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::{Context, Poll, ready},
};

use thalweg_core::{
    Cx, Drained, Fault, Holds, Meter, Observable, Plan, StageId,
    hub::{Audience, Delivery, Hub, HubSender, Lagging, Subscriber, hub},
};
use tokio::time::Instant;

use crate::{
    Stage,
    boundary::{AbortOnDrop, End, run_source},
    timer::Timer,
};

use super::Options;

/// What all clones of a share hold on to.
pub(super) struct Shared<O: Observable> {
    state: Mutex<State<O>>,
    meter: Meter,
    id: StageId,
}

/// How a source is cloned, if it can be.
type Copy<O> = fn(&Stage<O>) -> Stage<O>;

/// A subscriber, and the number of the run that it is subscribed to.
type Subscribed<O> = (
    u64,
    Subscriber<<O as Observable>::Item, Fault<<O as Observable>::Error>>,
);

struct State<O: Observable> {
    /// The source as it was before it ran; `None` once it runs and cannot be cloned.
    source: Option<Stage<O>>,
    copy: Option<Copy<O>>,
    options: Options,
    connection: Option<Connection<O>>,
    connections: u64,
}

/// One run of the source.
struct Connection<O: Observable> {
    number: u64,
    hub: Hub<O::Item, Fault<O::Error>>,
    _task: AbortOnDrop,
}

impl<O: Observable> Shared<O> {
    #[track_caller]
    pub(super) fn new(name: &'static str, source: O, resets: bool) -> Arc<Self>
    where
        O: Clone,
    {
        Self::with(Stage::new(name, source, ()), Some(Stage::clone), resets)
    }

    #[track_caller]
    pub(super) fn once(name: &'static str, source: O) -> Arc<Self> {
        Self::with(Stage::new(name, source, ()), None, false)
    }

    fn with(source: Stage<O>, copy: Option<Copy<O>>, resets: bool) -> Arc<Self> {
        Arc::new(Self {
            id: source.id(),
            meter: Meter::new(),
            state: Mutex::new(State {
                source: Some(source),
                copy,
                options: Options::new(resets),
                connection: None,
                connections: 0,
            }),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State<O>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn configure(&self, set: impl FnOnce(&mut Options)) {
        set(&mut self.lock().options);
    }

    /// Drops the run of that number if nobody listens to it any more.
    fn reset_if_abandoned(&self, number: u64) -> bool {
        let mut state = self.lock();
        let abandoned = state.connection.as_ref().is_some_and(|connection| {
            connection.number == number
                && connection.hub.subscribers() == 0
                && !connection.hub.is_ended()
        });
        let connection = if abandoned {
            state.connection.take()
        } else {
            None
        };
        drop(state);
        drop(connection);
        abandoned
    }
}

impl<O> Shared<O>
where
    O: Observable<Item: Clone + Send + Sync, Error: Clone + Send + Sync> + Send + 'static,
{
    /// Subscribes to the run there is, or starts one; `None` if the source has run and cannot again.
    fn subscribe(self: &Arc<Self>, delivery: Delivery) -> Option<Subscribed<O>> {
        let mut guard = self.lock();
        let state = &mut *guard;
        let options = state.options;
        if let Some(connection) = &state.connection {
            let over = connection.hub.is_ended()
                && if connection.hub.is_failed() {
                    options.reset_on_error
                } else {
                    options.reset_on_completion
                };
            if !over || state.source.is_none() {
                return Some((connection.number, connection.hub.subscribe(delivery)));
            }
        }
        let source = match state.copy {
            Some(copy) => state.source.as_ref().map(copy),
            None => state.source.take(),
        }?;
        let (sender, hub) = hub(self.id, options.capacity, self.meter.clone());
        let subscriber = hub.subscribe(delivery);
        state.connections += 1;
        let number = state.connections;
        let pump = Pump {
            sender,
            shared: Arc::downgrade(self),
            number,
            options,
            timer: Timer::new(),
            stopping: false,
            usual: 0,
        };
        let task = AbortOnDrop(tokio::spawn(pump.run(source)).abort_handle());
        let before = state.connection.replace(Connection {
            number,
            hub,
            _task: task,
        });
        drop(guard);
        drop(before);
        Some((number, subscriber))
    }
}

impl<O: Observable + fmt::Debug> fmt::Debug for Shared<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("Shared")
            .field("source", &state.source)
            .field("options", &state.options)
            .field("hub", &state.connection.as_ref().map(|at| &at.hub))
            .finish_non_exhaustive()
    }
}

/// The task of a run: drains the source into the hub while somebody listens.
struct Pump<O: Observable> {
    sender: HubSender<O::Item, Fault<O::Error>>,
    shared: Weak<Shared<O>>,
    number: u64,
    options: Options,
    timer: Timer,
    stopping: bool,
    /// The size of the last batch, which is likely that of the next.
    usual: usize,
}

impl<O: Observable> Pump<O> {
    async fn run(mut self, source: Stage<O>) {
        let end = run_source(source, |stage, task| self.poll(stage, task)).await;
        if let Some(end) = end {
            self.sender.end(end);
        }
    }

    /// Ready with the end of the source, or with `None` once nobody listens.
    fn poll(
        &mut self,
        mut stage: Pin<&mut Stage<O>>,
        task: &mut Context<'_>,
    ) -> Poll<End<O::Error>> {
        let audience = self.sender.watch(task);
        // Asked once, a source comes to its end, also if a new subscriber has come by then.
        self.stopping |= audience.stopping;
        if self.is_abandoned(audience, task) {
            return Poll::Ready(None);
        }
        let half = self.options.capacity.div_ceil(2);
        let mut budget = Cx::DEFAULT_BUDGET;
        loop {
            let room = match self.sender.poll_room(task) {
                // Half of it at a time, so that both sides can work.
                Poll::Ready(room) => room.min(half),
                Poll::Pending => 0,
            };
            let full = room == 0;
            let mut cx = Cx::new(task).with_stop(self.stopping).with_budget(budget);
            if full {
                if !stage.owes_stop(&cx) {
                    return Poll::Pending;
                }
                cx = cx.with_budget(0);
            }
            let mut batch = Vec::with_capacity(self.usual.min(room));
            let drained = stage.as_mut().drain(&mut cx, |(), item| {
                batch.push(item);
                if batch.len() < room {
                    ControlFlow::Continue(())
                } else {
                    ControlFlow::Break(())
                }
            });
            if !full {
                budget = cx.budget();
                self.usual = batch.len();
            }
            // Without room that is at most the one item that an operator hands on because of the stop.
            self.sender.send_batch(batch);
            match ready!(drained) {
                Ok(Drained::Stopped) => {}
                Ok(Drained::Exhausted) if full => {}
                Ok(Drained::Exhausted) => {
                    task.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Ok(Drained::Completed) => return Poll::Ready(Some(Ok(()))),
                Err(error) => return Poll::Ready(Some(Err(Fault::Upstream(error)))),
            }
        }
    }

    /// Whether nobody has listened for the time of grace; without one the last that leaves sees to it.
    fn is_abandoned(&mut self, audience: Audience, task: &mut Context<'_>) -> bool {
        if audience.subscribers > 0 {
            self.timer.clear();
            return false;
        }
        if !self.options.reset_on_zero {
            return false;
        }
        let now = Instant::now();
        if !self.timer.is_set() {
            self.timer.set(now + self.options.grace);
        }
        let over = self.timer.poll(task, now);
        over && self
            .shared
            .upgrade()
            .is_none_or(|shared| shared.reset_if_abandoned(self.number))
    }
}

/// A [`Subscriber`], or what was made of one.
pub(super) trait Listener<T, E> {
    fn subscriber(&mut self) -> &mut Subscriber<T, E>;
}

impl<T, E> Listener<T, E> for Subscriber<T, E> {
    fn subscriber(&mut self) -> &mut Self {
        self
    }
}

impl<T, E> Listener<T, E> for Lagging<T, E> {
    fn subscriber(&mut self) -> &mut Subscriber<T, E> {
        self.subscriber()
    }
}

/// A clone of a share: a subscriber from its first poll on, until it has ended.
pub(super) struct Seat<O: Observable, S> {
    shared: Option<Arc<Shared<O>>>,
    /// The number of the run, and the subscription to it.
    taken: Option<(u64, S)>,
    /// It has once waited for the others to come to their graceful end.
    waited: bool,
}

// The source is only pinned in its task.
impl<O: Observable, S> Unpin for Seat<O, S> {}

impl<O: Observable, S> Seat<O, S> {
    pub(super) fn new(shared: Option<Arc<Shared<O>>>) -> Self {
        Self {
            shared,
            taken: None,
            waited: false,
        }
    }

    pub(super) fn shared(&self) -> Option<Arc<Shared<O>>> {
        self.shared.clone()
    }

    pub(super) fn describe(&self, plan: &mut Plan, holds: Option<Holds>) {
        let Some(shared) = &self.shared else { return };
        let state = shared.lock();
        let holds = holds.unwrap_or(Holds::Items(state.options.capacity));
        let described = plan.stage(shared.id).holds(holds).meter(&shared.meter);
        if let Some(input) = state.source.as_ref().and_then(Stage::input) {
            described.input(input);
        }
    }

    /// Unsubscribes, and drops the run if it was the last that listened.
    fn leave(&mut self) {
        let (taken, shared) = (self.taken.take(), self.shared.take());
        if let (Some((number, subscriber)), Some(shared)) = (taken, shared) {
            drop(subscriber);
            let options = shared.lock().options;
            if options.reset_on_zero && options.grace.is_zero() {
                shared.reset_if_abandoned(number);
            }
        }
    }
}

impl<O, S> Seat<O, S>
where
    O: Observable<Item: Clone + Send + Sync, Error: Clone + Send + Sync> + Send + 'static,
    S: Observable<Error = Fault<O::Error>> + Listener<O::Item, Fault<O::Error>> + Unpin,
{
    pub(super) fn poll_drain(
        &mut self,
        cx: &mut Cx<'_, '_>,
        delivery: Delivery,
        listen: impl FnOnce(Subscriber<O::Item, Fault<O::Error>>) -> S,
        emit: impl FnMut(S::Item) -> ControlFlow<()>,
    ) -> Poll<Result<Drained, S::Error>> {
        if self.taken.is_none()
            && !cx.stopping()
            && let Some(shared) = &self.shared
        {
            self.taken = shared
                .subscribe(delivery)
                .map(|(number, subscriber)| (number, listen(subscriber)));
        }
        let Some((_, listener)) = &mut self.taken else {
            self.shared = None;
            return Poll::Ready(Ok(Drained::Completed));
        };
        if cx.stopping() {
            let subscriber = listener.subscriber();
            subscriber.request_stop();
            if !subscriber.others_go_on() {
                // The source comes to its end for all.
            } else if self.waited {
                subscriber.complete_here();
            } else {
                // The others may hear of it in this very poll of the task.
                self.waited = true;
                cx.waker().wake_by_ref();
            }
        }
        let drained = ready!(Pin::new(listener).poll_drain(cx, emit));
        if matches!(drained, Ok(Drained::Completed) | Err(_)) {
            self.leave();
        }
        Poll::Ready(drained)
    }
}

impl<O: Observable, S> Drop for Seat<O, S> {
    fn drop(&mut self) {
        self.leave();
    }
}

impl<O: Observable + fmt::Debug, S> fmt::Debug for Seat<O, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seat")
            .field("shared", &self.shared)
            .field("subscribed", &self.taken.is_some())
            .finish_non_exhaustive()
    }
}
