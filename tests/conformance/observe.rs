//! Runs the observers of a case and notes what each of them sees.

use std::{
    future::{Future, poll_fn},
    ops::ControlFlow,
    pin::pin,
    sync::Arc,
    task::{Context, Poll},
};

use thalweg::{Cx, Drained, Observable};
use tokio::time::{Instant, sleep_until};

use crate::{
    diagram::Window,
    value::{Failure, Inner, Stream, Value},
    world::{Share, World},
};

/// Polls in one frame after which nobody waits for it to end.
const PATIENCE: u32 = 100_000;

/// What an observer sees.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Item(Value),
    /// A stream, and what was seen of it, in frames since it came.
    Stream(Vec<(u64, Event)>),
    Completed,
    Failed(Failure),
}

/// Who looks, and when.
pub(crate) struct Observer {
    stream: Share,
    window: Window,
    is_window: bool,
    flow: Option<Stream>,
    seen: Vec<(u64, Event)>,
    /// Observers of the streams that came, each with the place of its stream in `seen`.
    inner: Vec<(usize, Observer)>,
}

impl Observer {
    pub(crate) fn new(stream: Share, window: Window) -> Self {
        Self {
            stream,
            window,
            is_window: false,
            flow: None,
            seen: Vec::new(),
            inner: Vec::new(),
        }
    }

    /// Begins to look at a stream that came in this frame.
    fn now(inner: &Inner, frame: u64) -> Self {
        Self {
            stream: Arc::new(|| unreachable!("it is open")),
            window: Window {
                from: frame,
                until: None,
            },
            is_window: matches!(inner, Inner::Live { key: None, .. }),
            flow: Some(inner.open()),
            seen: Vec::new(),
            inner: Vec::new(),
        }
    }

    /// Gives what was seen, with what was seen of every stream in its place.
    pub(crate) fn into_seen(self) -> Vec<(u64, Event)> {
        let mut seen = self.seen;
        for (place, observer) in self.inner {
            let since = seen[place].0;
            let events = observer.into_seen().into_iter();
            seen[place].1 = Event::Stream(events.map(|(at, event)| (at - since, event)).collect());
        }
        seen
    }

    /// Unsubscribes, also from the windows that came: they are a part of their operator. Groups go on.
    fn leave(&mut self) {
        self.flow = None;
        for (_, inner) in &mut self.inner {
            if inner.is_window {
                inner.leave();
            }
        }
    }

    /// Polls to where nothing is ready; tells whether something came.
    fn poll(&mut self, world: &World, task: &mut Context<'_>) -> bool {
        let frame = world.frame();
        let mut came = false;
        let mut opened = Vec::new();
        if let Some(flow) = &mut self.flow {
            let seen = &mut self.seen;
            let drained = std::pin::Pin::new(flow).poll_drain(&mut Cx::new(task), |value| {
                came = true;
                match value {
                    Value::Inner(inner) => {
                        seen.push((frame, Event::Stream(Vec::new())));
                        opened.push((seen.len() - 1, inner));
                        // It is looked at before anything else happens.
                        ControlFlow::Break(())
                    }
                    value => {
                        seen.push((frame, Event::Item(value)));
                        ControlFlow::Continue(())
                    }
                }
            });
            let end = match drained {
                Poll::Ready(Ok(Drained::Completed)) => Some(Event::Completed),
                Poll::Ready(Err(failure)) => Some(Event::Failed(failure)),
                Poll::Ready(Ok(_)) => {
                    came = true;
                    None
                }
                Poll::Pending => None,
            };
            if let Some(end) = end {
                self.seen.push((frame, end));
                self.flow = None;
                came = true;
            }
        }
        let opened = opened.into_iter();
        self.inner
            .extend(opened.map(|(place, inner)| (place, Self::now(&inner, frame))));
        for (_, inner) in &mut self.inner {
            came |= inner.poll(world, task);
        }
        came
    }
}

/// Runs all observers to `horizon`.
///
/// In every frame those who leave go first, then those who come, and then whatever happens.
pub(crate) async fn run(world: &World, observers: &mut [Observer], horizon: u64) {
    let mut borders: Vec<u64> = observers
        .iter()
        .flat_map(|observer| [Some(observer.window.from), observer.window.until])
        .flatten()
        .filter(|frame| *frame < horizon)
        .chain([horizon])
        .collect();
    borders.sort_unstable();
    borders.dedup();
    wait_for(world, observers, borders[0]).await;
    for pair in borders.windows(2) {
        let frame = pair[0];
        for observer in observers
            .iter_mut()
            .filter(|o| o.window.until == Some(frame))
        {
            observer.leave();
            world.let_go();
        }
        for observer in observers.iter_mut().filter(|o| o.window.from == frame) {
            // One that leaves in the frame in which it comes is subscribed all the same.
            observer.flow = Some((observer.stream)());
            if observer.window.until == Some(frame) {
                poll_fn(|task| Poll::Ready(observer.poll(world, task))).await;
                observer.flow = None;
            }
        }
        wait_for(world, observers, pair[1]).await;
    }
}

/// Polls all observers, in their order, whenever something may have happened, until the clock shows `frame`.
async fn wait_for(world: &World, observers: &mut [Observer], frame: u64) {
    let end = world.instant_of(frame);
    let mut sleep = pin!(sleep_until(end));
    let mut polls = 0;
    let mut last = None;
    poll_fn(|task| {
        if Instant::now() >= end {
            return Poll::Ready(());
        }
        polls = if last == Some(world.frame()) {
            polls + 1
        } else {
            0
        };
        last = Some(world.frame());
        assert!(
            polls < PATIENCE,
            "it does not come to rest in frame {}",
            world.frame()
        );
        let mut came = false;
        for observer in observers.iter_mut() {
            came |= observer.poll(world, task);
        }
        if came {
            task.waker().wake_by_ref();
            return Poll::Pending;
        }
        sleep.as_mut().poll(task)
    })
    .await;
}
