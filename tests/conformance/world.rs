//! The test streams of a case, on the paused clock.

use std::{
    collections::HashMap,
    ops::ControlFlow,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
};

use serde_json::Value as Json;
use thalweg::{Cx, Drained, Flow, Observable, operators::Timer};
use tokio::time::{Duration, Instant};

use crate::{
    call::Call,
    case::{Args, InputSpec, Kind},
    diagram::{Sign, Window, hot_signs, signs},
    operators,
    value::{Failure, Slot, Stream, Value},
};

/// One frame on the clock.
pub(crate) const FRAME: Duration = Duration::from_millis(1);

pub(crate) type Share = Arc<dyn Fn() -> Stream + Send + Sync>;

/// All that a case is made of but its pipeline.
pub(crate) struct World {
    start: Instant,
    inputs: HashMap<String, Input>,
    /// Counters of calls, which live as long as the case, by what is counted.
    calls: Mutex<HashMap<String, u64>>,
    /// Streams that every subscriber opens the same instance of.
    shared: Mutex<HashMap<String, Share>>,
    /// Streams that their observer got and has not opened.
    kept: Mutex<Vec<Slot>>,
}

struct Input {
    kind: Kind,
    events: Vec<(u64, Sign)>,
    values: Option<Args>,
    error: Failure,
    log: Mutex<Log>,
}

/// What happened to an input.
#[derive(Default)]
struct Log {
    windows: Vec<Window>,
    /// Events of a hot input that somebody has had, and that nobody who comes later can have.
    gone: usize,
}

impl World {
    pub(crate) fn new(inputs: &[InputSpec]) -> Arc<Self> {
        let inputs = inputs.iter().map(|spec| {
            let input = Input {
                kind: spec.kind,
                events: match spec.kind {
                    Kind::Hot => hot_signs(&spec.diagram.marbles),
                    Kind::Cold => signs(&spec.diagram.marbles),
                },
                values: spec.diagram.values.clone(),
                error: Failure::read(&spec.diagram.error),
                log: Mutex::default(),
            };
            (spec.name.clone(), input)
        });
        Arc::new(Self {
            start: Instant::now(),
            inputs: inputs.collect(),
            calls: Mutex::default(),
            shared: Mutex::default(),
            kept: Mutex::default(),
        })
    }

    /// Tells the frame that an instant is in.
    pub(crate) fn frame_of(&self, instant: Instant) -> u64 {
        u64::try_from((instant - self.start).as_millis()).unwrap_or(u64::MAX)
    }

    pub(crate) fn frame(&self) -> u64 {
        self.frame_of(Instant::now())
    }

    pub(crate) fn instant_of(&self, frame: u64) -> Instant {
        self.start + FRAME * u32::try_from(frame).unwrap_or(u32::MAX)
    }

    /// Counts a call of the function that `json` tells, and gives how many there were before.
    pub(crate) fn count_call(&self, json: &Json) -> u64 {
        let mut calls = lock(&self.calls);
        let count = calls.entry(json.to_string()).or_default();
        *count += 1;
        *count - 1
    }

    /// Gives a stream a name, under which every subscriber finds it.
    pub(crate) fn share(&self, name: &str, stream: Share) {
        lock(&self.shared).insert(name.to_owned(), stream);
    }

    /// Opens a stream: an input or a shared one by its name, or an operator on another.
    pub(crate) fn open(self: &Arc<Self>, stream: &Json) -> Stream {
        let Some(name) = stream.as_str() else {
            return operators::build(&Call::read(self, stream));
        };
        let shared = lock(&self.shared).get(name).cloned();
        if let Some(shared) = shared {
            return shared();
        }
        assert!(self.inputs.contains_key(name), "unknown input {name}");
        Flow::new(Playing {
            world: Arc::clone(self),
            name: name.to_owned(),
            progress: Progress::Fresh,
            timer: Timer::new(),
        })
        .boxed()
    }

    /// Gives the windows in which an input was subscribed, in the order of subscription.
    pub(crate) fn windows(&self, name: &str) -> Vec<Window> {
        lock(&self.inputs[name].log).windows.clone()
    }

    /// Keeps a stream that nobody has opened, until [`let_go`](Self::let_go).
    pub(crate) fn keep(&self, stream: Slot) {
        lock(&self.kept).push(stream);
    }

    /// Drops the streams that are kept and that nobody has opened.
    pub(crate) fn let_go(&self) {
        for slot in lock(&self.kept).drain(..) {
            let stream = lock(&slot).take();
            drop(stream);
        }
    }

    /// Forgets what refers to the world itself.
    pub(crate) fn close(&self) {
        lock(&self.shared).clear();
        self.let_go();
    }

    /// Gives the value that a sign of an input stands for.
    fn value(self: &Arc<Self>, input: &Input, sign: char) -> Value {
        match &input.values {
            Some(values) => {
                let value = values.get(&sign.to_string());
                Value::read(self, value.unwrap_or_else(|| panic!("{sign} has no value")))
            }
            None => Value::Text(sign.to_string()),
        }
    }
}

impl Input {
    /// Subscribes in `frame`: gives the place of its window in the log, its first event, and the frame its events count from.
    fn subscribe(&self, frame: u64) -> Subscribed {
        let mut log = lock(&self.log);
        let (origin, next) = match self.kind {
            Kind::Cold => (frame, 0),
            Kind::Hot => {
                let missed =
                    |(at, sign): &&(u64, Sign)| *at < frame && matches!(sign, Sign::Item(_));
                let missed = self.events.iter().take_while(missed).count();
                let end = self
                    .events
                    .iter()
                    .position(|(_, sign)| !matches!(sign, Sign::Item(_)));
                let next = missed.max(log.gone);
                (0, end.map_or(next, |end| next.min(end)))
            }
        };
        // It ends by itself, also if nobody looks at that moment.
        let end = self
            .events
            .iter()
            .find(|(_, sign)| !matches!(sign, Sign::Item(_)));
        log.windows.push(Window {
            from: frame,
            until: end.map(|(at, _)| frame.max(origin + at)),
        });
        Subscribed {
            window: log.windows.len() - 1,
            origin,
            next,
        }
    }

    fn unsubscribe(&self, window: usize, frame: u64) {
        let mut log = lock(&self.log);
        let until = &mut log.windows[window].until;
        *until = Some(until.map_or(frame, |until| until.min(frame)));
    }
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Subscribed {
    window: usize,
    origin: u64,
    next: usize,
}

enum Progress {
    Fresh,
    Subscribed(Subscribed),
    Ended,
}

/// A subscription of an input.
struct Playing {
    world: Arc<World>,
    name: String,
    progress: Progress,
    timer: Timer,
}

impl Playing {
    fn end(&mut self) {
        if let Progress::Subscribed(subscribed) = &self.progress {
            let input = &self.world.inputs[&self.name];
            input.unsubscribe(subscribed.window, self.world.frame());
        }
        self.progress = Progress::Ended;
    }
}

impl Drop for Playing {
    fn drop(&mut self) {
        self.end();
    }
}

impl Observable for Playing {
    type Item = Value;
    type Error = Failure;

    fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: F,
    ) -> Poll<Result<Drained, Failure>>
    where
        F: FnMut(Value) -> ControlFlow<()>,
    {
        let this = &mut *self;
        let world = Arc::clone(&this.world);
        let input = &world.inputs[&this.name];
        let now = Instant::now();
        if cx.stopping() {
            this.end();
        }
        if matches!(this.progress, Progress::Fresh) {
            this.progress = Progress::Subscribed(input.subscribe(world.frame_of(now)));
        }
        loop {
            let Progress::Subscribed(subscribed) = &mut this.progress else {
                return Poll::Ready(Ok(Drained::Completed));
            };
            let Some((frame, sign)) = input.events.get(subscribed.next) else {
                return Poll::Pending;
            };
            let due = world.instant_of(subscribed.origin + frame);
            if due > now {
                this.timer.set(due);
                if !this.timer.poll(cx.task(), now) {
                    return Poll::Pending;
                }
            }
            // An end costs nothing: it is heard also by an operator that has no use for items.
            if matches!(sign, Sign::Item(_)) && !cx.spend() {
                return Poll::Ready(Ok(Drained::Exhausted));
            }
            subscribed.next += 1;
            if input.kind == Kind::Hot {
                let mut log = lock(&input.log);
                log.gone = log.gone.max(subscribed.next);
            }
            match sign {
                Sign::Item(sign) => {
                    if emit(world.value(input, *sign)).is_break() {
                        return Poll::Ready(Ok(Drained::Stopped));
                    }
                }
                Sign::Failed => {
                    this.end();
                    return Poll::Ready(Err(input.error.clone()));
                }
                Sign::Completed | Sign::Subscribe | Sign::Unsubscribe => this.end(),
            }
        }
    }
}
