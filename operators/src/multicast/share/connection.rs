//! What the clones of a share have in common: the source, and its run while somebody listens.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

use thalweg_core::{
    Fault, Holds, Meter, Observable, Plan, StageId,
    hub::{Delivery, History, Hub, Subscriber, replaying_hub},
};
use tokio::time::Instant;

use crate::{Stage, boundary::AbortOnDrop};

use super::{
    options::{Options, Reset, Signal},
    pump::Pump,
};

/// What all clones of a share hold on to.
pub(in crate::multicast) struct Shared<O: Observable> {
    state: Mutex<State<O>>,
    start: Start<O>,
    meter: Meter,
    id: StageId,
}

/// How a source is cloned, if it can be.
type Copy<O> = fn(&Stage<O>) -> Stage<O>;

/// How a run is started. Known from the beginning, so that subscribers need no `'static`, which the compiler cannot prove
/// of a boxed flow that is held over an await.
type Start<O> = fn(Pump<O>, Stage<O>) -> AbortOnDrop;

fn start<O>(pump: Pump<O>, source: Stage<O>) -> AbortOnDrop
where
    O: Observable<Item: Clone + Send + Sync, Error: Clone + Send + Sync> + Send + 'static,
{
    AbortOnDrop(tokio::spawn(pump.run(source)).abort_handle())
}

/// A subscriber, and the number of the run that it is subscribed to.
type Subscribed<O> = (
    u64,
    Subscriber<<O as Observable>::Item, Fault<<O as Observable>::Error>>,
);

struct State<O: Observable> {
    /// The source as it was before it ran; `None` once it runs and cannot be cloned.
    source: Option<Stage<O>>,
    copy: Option<Copy<O>>,
    options: Options<O::Error>,
    connection: Option<Connection<O>>,
    connections: u64,
}

/// One run of the source.
struct Connection<O: Observable> {
    number: u64,
    hub: Hub<O::Item, Fault<O::Error>>,
    /// A notifier said that the next subscriber is to start anew.
    is_over: bool,
    /// What resets it while nobody listens.
    signal: Option<Signal>,
    /// The task of the run, to be woken for a signal.
    pump: Option<Waker>,
    _task: AbortOnDrop,
}

impl<O: Observable> Connection<O> {
    fn is_abandoned(&self) -> bool {
        self.hub.subscribers() == 0 && !self.hub.is_ended()
    }
}

impl<O: Observable> State<O> {
    fn connection(&mut self, number: u64) -> Option<&mut Connection<O>> {
        let connection = self.connection.as_mut();
        connection.filter(|connection| connection.number == number)
    }
}

impl<O> Shared<O>
where
    O: Observable<Item: Clone + Send + Sync, Error: Clone + Send + Sync> + Send + 'static,
{
    #[track_caller]
    pub(in crate::multicast) fn new(
        name: &'static str,
        source: O,
        options: Options<O::Error>,
    ) -> Arc<Self>
    where
        O: Clone,
    {
        Self::with(Stage::new(name, source, ()), Some(Stage::clone), options)
    }

    #[track_caller]
    pub(in crate::multicast) fn once(
        name: &'static str,
        source: O,
        options: Options<O::Error>,
    ) -> Arc<Self> {
        Self::with(Stage::new(name, source, ()), None, options)
    }

    fn with(source: Stage<O>, copy: Option<Copy<O>>, options: Options<O::Error>) -> Arc<Self> {
        Arc::new(Self {
            id: source.id(),
            meter: Meter::new(),
            start,
            state: Mutex::new(State {
                source: Some(source),
                copy,
                options,
                connection: None,
                connections: 0,
            }),
        })
    }
}

impl<O: Observable> Shared<O> {
    fn lock(&self) -> MutexGuard<'_, State<O>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(in crate::multicast) fn configure(&self, set: impl FnOnce(&mut Options<O::Error>)) {
        set(&mut self.lock().options);
    }

    pub(super) fn describe(&self, plan: &mut Plan, holds: Option<Holds>) {
        let state = self.lock();
        let history = state.options.history;
        let all = || match state.options.capacity.checked_add(history) {
            Some(items) => Holds::Items(items),
            None => Holds::Unbounded,
        };
        let described = plan
            .stage(self.id)
            .holds(holds.unwrap_or_else(all))
            .meter(&self.meter);
        if let Some(input) = state.source.as_ref().and_then(Stage::input) {
            described.input(input);
        }
    }

    /// Sees to it that a run to which nobody listens any more is reset as was chosen.
    pub(super) fn after_leave(&self, number: u64) {
        let (on_zero, grace) = {
            let options = &self.lock().options;
            (options.on_zero.clone(), options.grace)
        };
        match on_zero {
            Reset::AtOnce if grace.is_zero() => drop(self.reset_if_abandoned(number)),
            // The task sees to it.
            Reset::AtOnce | Reset::Never => {}
            Reset::When(notifier) => {
                let abandoned = |at: &mut Connection<O>| at.is_abandoned();
                if !self.lock().connection(number).is_some_and(abandoned) {
                    return;
                }
                let mut signal = notifier();
                // Asked here first: one that signals at once resets before another can subscribe.
                match signal.poll(&mut Context::from_waker(Waker::noop())) {
                    Poll::Ready(true) => drop(self.reset_if_abandoned(number)),
                    Poll::Ready(false) => {}
                    Poll::Pending => {
                        let pump = self.keep(number, signal);
                        pump.into_iter().for_each(Waker::wake);
                    }
                }
            }
        }
    }

    /// Looks after the signal that resets a run to which nobody listens; tells whether it has.
    pub(super) fn poll_signal(&self, number: u64, task: &mut Context<'_>) -> bool {
        let (signal, _replaced) = {
            let mut state = self.lock();
            let Some(connection) = state.connection(number) else {
                return true;
            };
            let replaced = connection.pump.replace(task.waker().clone());
            (connection.signal.take(), replaced)
        };
        let Some(mut signal) = signal else {
            return false;
        };
        match signal.poll(task) {
            Poll::Ready(signalled) => signalled && self.reset_if_abandoned(number),
            Poll::Pending => {
                self.keep(number, signal);
                false
            }
        }
    }

    /// Keeps a signal while nobody listens; gives the task that looks after it.
    fn keep(&self, number: u64, signal: Signal) -> Option<Waker> {
        let mut state = self.lock();
        match state.connection(number) {
            Some(connection) if connection.is_abandoned() && connection.signal.is_none() => {
                connection.signal = Some(signal);
                connection.pump.clone()
            }
            _ => {
                // Somebody has subscribed. Dropped outside of the lock, as all that is not ours.
                drop(state);
                drop(signal);
                None
            }
        }
    }

    /// Drops the run of that number if nobody listens to it any more.
    pub(super) fn reset_if_abandoned(&self, number: u64) -> bool {
        let mut state = self.lock();
        let abandoned = state
            .connection(number)
            .is_some_and(|connection| connection.is_abandoned());
        let connection = if abandoned {
            state.connection.take()
        } else {
            None
        };
        drop(state);
        drop(connection);
        abandoned
    }

    /// Has the next subscriber start anew, whatever is still said of that run.
    pub(super) fn reset(&self, number: u64) {
        if let Some(connection) = self.lock().connection(number) {
            connection.is_over = true;
        }
    }

    /// Forgets the history that has outlived its time.
    fn forget_outlived(&self) {
        let (ttl, hub) = {
            let state = self.lock();
            let hub = state.connection.as_ref().map(|at| at.hub.clone());
            (state.options.ttl, hub)
        };
        if let (Some(ttl), Some(hub)) = (ttl, hub)
            && let Some(instant) = outlived(Instant::now(), ttl)
        {
            hub.forget_until(instant);
        }
    }
}

/// What was sent at that instant, or before, is older than `ttl`; `None` if the clock does not go back that far.
pub(super) fn outlived(now: Instant, ttl: Duration) -> Option<std::time::Instant> {
    now.into_std().checked_sub(ttl)
}

impl<O> Shared<O>
where
    O: Observable<Item: Clone>,
{
    /// Subscribes to the run there is, or starts one; `None` if the source has run and cannot again.
    pub(super) fn subscribe(self: &Arc<Self>, delivery: Delivery) -> Option<Subscribed<O>> {
        // Before the lock: what it drops is not ours.
        self.forget_outlived();
        let mut guard = self.lock();
        let state = &mut *guard;
        let options = state.options.clone();
        if let Some(connection) = &mut state.connection {
            let over = connection.is_over
                || connection.hub.is_ended()
                    && if connection.hub.is_failed() {
                        options.on_error.is_at_once()
                    } else {
                        options.on_completion.is_at_once()
                    };
            if !over || state.source.is_none() {
                let taken = (connection.number, connection.hub.subscribe(delivery));
                let signal = connection.signal.take();
                drop(guard);
                drop(signal);
                return Some(taken);
            }
        }
        let source = match state.copy {
            Some(copy) => state.source.as_ref().map(copy),
            None => state.source.take(),
        }?;
        let history = History::of(options.history);
        let (sender, hub) = replaying_hub(self.id, options.capacity, history, self.meter.clone());
        let subscriber = hub.subscribe(delivery);
        state.connections += 1;
        let number = state.connections;
        let pump = Pump::new(sender, Arc::downgrade(self), number, options);
        let task = (self.start)(pump, source);
        let before = state.connection.replace(Connection {
            number,
            hub,
            is_over: false,
            signal: None,
            pump: None,
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
