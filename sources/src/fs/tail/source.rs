//! Looks at the followed files on another thread, again and again, and hands on what there is to tell.

use std::{
    collections::VecDeque,
    fmt,
    ops::ControlFlow,
    path::PathBuf,
    task::{Poll, Waker, ready},
    time::Duration,
};

use thalweg_core::{Cx, Drained, Plan, StageId};
use thalweg_operators::Timer;
use tokio::time::Instant;

use super::{
    block::Block,
    ear::{self, Ear},
    error::TailError,
    event::{Event, News},
    follower::Start,
    pattern::PathPattern,
    work::{Keeping, Work},
};
use crate::{DEFAULT_MAX_LENGTH, fs::trip::Trip};

/// How often it is looked, unless it is told otherwise.
pub(super) const INTERVAL: Duration = Duration::from_millis(250);

/// Between two looks at least: lines that come one after the other are read together, and one that comes alone at once.
const PAUSE: Duration = Duration::from_millis(2);

/// A look takes one part in so many of the time, however often files change.
const SHARE: u32 = 10;

/// What [`Tail`](super::Tail) can be told.
#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) followed: Followed,
    pub(super) start: Start,
    pub(super) max_length: usize,
    pub(super) interval: Duration,
    pub(super) linger: Duration,
    pub(super) unended_on_stop: bool,
}

/// Which paths are followed.
#[derive(Clone, Debug)]
pub(super) enum Followed {
    Paths(Vec<PathBuf>),
    Pattern(PathPattern),
}

impl Options {
    pub(super) fn new(followed: Followed) -> Self {
        Self {
            followed,
            start: Start::Beginning,
            max_length: DEFAULT_MAX_LENGTH,
            interval: INTERVAL,
            linger: Duration::from_secs(5),
            unended_on_stop: false,
        }
    }
}

/// Begins at the first poll and goes on until it is asked to stop. A clone begins anew.
pub(super) struct TailSource {
    pub(super) options: Options,
    state: State,
    timer: Timer,
    id: StageId,
}

enum State {
    Idle,
    Following(Box<Following>),
    Ended,
}

/// While what the last look has found is told, the next one may be on its way.
struct Following {
    trip: Trip<Work>,
    /// None where nothing can be heard.
    ear: Option<Ear>,
    /// When the last look began.
    looked: Instant,
    news: VecDeque<News>,
    /// What is cut into lines.
    block: Option<Block>,
    /// The room of blocks that are cut, to be read into again.
    room: Vec<u8>,
    /// Nothing comes after the news that are here.
    is_last: bool,
}

impl Following {
    /// Begins with a look.
    fn new(options: Options, keeping: Option<Keeping>, now: Instant) -> Self {
        let (ear, listener) = ear::open(&options.followed).unzip();
        let mut following = Self {
            trip: Trip::new(Work::new(options, keeping, listener)),
            ear,
            looked: now,
            news: VecDeque::new(),
            block: None,
            room: Vec::new(),
            is_last: false,
        };
        following.look(now);
        following
    }

    fn look(&mut self, now: Instant) {
        self.looked = now;
        let room = std::mem::take(&mut self.room);
        self.trip.begin(move |work| work.look(now, room));
    }

    /// Tells whether the system said something since the last look began; otherwise has the task woken when it does.
    fn has_heard(&self, task: &Waker) -> bool {
        self.ear.as_ref().is_some_and(|ear| ear.has_heard(task))
    }

    #[inline]
    fn next_event(&mut self, max_length: usize) -> Option<Event> {
        loop {
            if let Some(block) = &mut self.block {
                if let Some(event) = block.cut(max_length) {
                    return Some(event);
                }
                self.room = self.block.take().map_or_else(Vec::new, Block::into_room);
            }
            match self.news.pop_front()? {
                News::Lines(block) => self.block = Some(block),
                News::Event(event) => return Some(event),
            }
        }
    }
}

impl TailSource {
    #[track_caller]
    pub(super) fn new(name: &'static str, options: Options) -> Self {
        Self {
            options,
            state: State::Idle,
            timer: Timer::new(),
            id: StageId::here(name),
        }
    }

    pub(super) fn end(&mut self) {
        self.state = State::Ended;
        self.timer = Timer::new();
    }

    pub(super) fn poll_drain(
        &mut self,
        cx: &mut Cx<'_, '_>,
        keep: impl FnOnce() -> Option<Keeping>,
        mut emit: impl FnMut(Event) -> ControlFlow<()>,
    ) -> Poll<Result<Drained, TailError>> {
        let tells_rest = self.options.unended_on_stop;
        if cx.stopping() && !(tells_rest && matches!(self.state, State::Following(_))) {
            self.end();
        }
        let now = Instant::now();
        if matches!(self.state, State::Idle) {
            let following = Following::new(self.options.clone(), keep(), now);
            self.state = State::Following(Box::new(following));
        }
        loop {
            let State::Following(following) = &mut self.state else {
                return Poll::Ready(Ok(Drained::Completed));
            };
            loop {
                if cx.budget() == 0 {
                    return Poll::Ready(Ok(Drained::Exhausted));
                }
                let Some(event) = following.next_event(self.options.max_length) else {
                    break;
                };
                if !matches!(event, Event::Mark(..)) {
                    cx.spend_many(1);
                }
                if emit(event).is_break() {
                    return Poll::Ready(Ok(Drained::Stopped));
                }
            }
            if following.is_last {
                self.end();
                continue;
            }
            let work = ready!(following.trip.poll_here(cx.task()));
            if let Some(error) = work.failed.take() {
                self.end();
                return Poll::Ready(Err(error));
            }
            if cx.stopping() {
                work.tell_rest();
                following.is_last = true;
            }
            following.news.append(&mut work.news);
            if following.is_last || !(work.is_behind || following.news.is_empty()) {
                continue;
            }
            // Of a stream there is always a little more; after a pause there is enough.
            let goes_on = work.has_more && (work.is_behind || !work.is_stream());
            if !goes_on {
                if !self.timer.is_set() {
                    self.timer.set(now + work.rest());
                }
                let pause = PAUSE.max(SHARE * work.took).min(self.options.interval);
                if work.is_stream() || following.has_heard(cx.waker()) {
                    self.timer.set(following.looked + pause);
                }
                if !self.timer.poll(cx.task(), now) {
                    return Poll::Pending;
                }
            }
            self.timer.clear();
            following.look(now);
        }
    }

    pub(super) fn describe(&self, plan: &mut Plan) {
        plan.stage(self.id);
    }
}

impl Clone for TailSource {
    fn clone(&self) -> Self {
        Self {
            options: self.options.clone(),
            state: State::Idle,
            timer: Timer::new(),
            id: self.id,
        }
    }
}

impl fmt::Debug for TailSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(self.id.name())
            .field("options", &self.options)
            .field("ended", &matches!(self.state, State::Ended))
            .finish_non_exhaustive()
    }
}
