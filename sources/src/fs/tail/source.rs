//! Looks at the followed files on another thread, again and again, and hands on what there is to tell.

use std::{
    collections::VecDeque,
    fmt,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::Arc,
    task::{Poll, ready},
    time::Duration,
};

use thalweg_core::{Cx, Drained, Plan, StageId};
use thalweg_operators::Timer;
use tokio::time::Instant;

use super::{
    block::Block,
    error::TailError,
    event::{Event, News},
    follower::{Follower, Start},
    ledger::Ledger,
    store::PositionStore,
};
use crate::{DEFAULT_MAX_LENGTH, fs::trip::Trip};

/// What [`Tail`](super::Tail) can be told.
#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) paths: Vec<PathBuf>,
    pub(super) start: Start,
    pub(super) max_length: usize,
    pub(super) interval: Duration,
    pub(super) linger: Duration,
    pub(super) unended_on_stop: bool,
}

impl Options {
    pub(super) fn new(paths: Vec<PathBuf>) -> Self {
        Self {
            paths,
            start: Start::Beginning,
            max_length: DEFAULT_MAX_LENGTH,
            interval: Duration::from_millis(250),
            linger: Duration::from_secs(5),
            unended_on_stop: false,
        }
    }
}

/// Where positions are kept, and how often they are saved.
pub(super) struct Keeping {
    pub(super) store: PositionStore,
    pub(super) ledger: Arc<Ledger>,
    pub(super) every: Duration,
    pub(super) saved: Option<Instant>,
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
    news: VecDeque<News>,
    /// What is cut into lines.
    block: Option<Block>,
    /// The room of blocks that are cut, to be read into again.
    room: Vec<u8>,
    /// Nothing comes after the news that are here.
    is_last: bool,
}

impl Following {
    fn new(work: Work) -> Self {
        Self {
            trip: Trip::new(work),
            news: VecDeque::new(),
            block: None,
            room: Vec::new(),
            is_last: false,
        }
    }

    fn look(&mut self, now: Instant) {
        let room = std::mem::take(&mut self.room);
        self.trip.begin(move |work| work.look(now, room));
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
            let mut following = Following::new(Work::new(self.options.clone(), keep()));
            following.look(now);
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
            if !work.has_more {
                if !self.timer.is_set() {
                    self.timer.set(now + self.options.interval);
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

/// All followed paths. It is looked at them on another thread.
struct Work {
    options: Options,
    /// None until the first look.
    followers: Option<Vec<Follower>>,
    keeping: Option<Keeping>,
    news: VecDeque<News>,
    /// What is read into next.
    room: Vec<u8>,
    complained: bool,
    /// Whether anything was read, so that it should be looked again at once.
    has_more: bool,
    /// Whether there was more than is read at once, so that it is worth to read on while lines are cut.
    is_behind: bool,
    failed: Option<TailError>,
}

impl Work {
    fn new(options: Options, keeping: Option<Keeping>) -> Self {
        Self {
            options,
            followers: None,
            keeping,
            news: VecDeque::new(),
            room: Vec::new(),
            complained: false,
            has_more: false,
            is_behind: false,
            failed: None,
        }
    }

    fn look(&mut self, now: Instant, room: Vec<u8>) {
        if self.room.capacity() == 0 {
            self.room = room;
        }
        if self.followers.is_none() {
            match self.begin() {
                Ok(followers) => self.followers = Some(followers),
                Err(error) => {
                    self.failed = Some(error);
                    return;
                }
            }
        }
        self.save(now);
        self.has_more = false;
        self.is_behind = false;
        for follower in self.followers.iter_mut().flatten() {
            if follower.look(now, &mut self.room) {
                self.has_more = true;
                self.is_behind |= follower.is_behind();
            }
        }
        self.save_beginnings();
        for follower in self.followers.iter_mut().flatten() {
            self.news.append(follower.news());
        }
    }

    /// Saves where it began with a path before the first of its lines is told: a crash from then on leaves nothing out.
    fn save_beginnings(&mut self) {
        let (Some(Keeping { store, ledger, .. }), Some(followers)) =
            (&self.keeping, &mut self.followers)
        else {
            return;
        };
        let mut has_begun = false;
        for follower in followers.iter_mut() {
            for (stamp, mark) in follower.take_beginning() {
                ledger.note(stamp, mark);
                has_begun = true;
            }
        }
        if has_begun && let Err(error) = store.save_here() {
            self.complained = true;
            self.news.push_back(error.into());
        }
    }

    fn begin(&mut self) -> Result<Vec<Follower>, TailError> {
        if let Some(Keeping { store, ledger, .. }) = &self.keeping {
            store.begin(ledger)?;
        }
        let Options { paths, start, .. } = &self.options;
        let saved = |path: &Path| {
            let saved = self.keeping.as_ref()?.store.positions(path);
            (!saved.is_empty()).then_some(Start::Saved(saved))
        };
        let followers = paths.iter().map(|path| {
            let start = saved(path).unwrap_or_else(|| start.clone());
            Follower::new(path.clone(), start, &self.options)
        });
        Ok(followers.collect())
    }

    /// Saves the positions, if it is time to.
    fn save(&mut self, now: Instant) {
        let Some(keeping) = &mut self.keeping else {
            return;
        };
        let since = |saved| now.saturating_duration_since(saved);
        if keeping
            .saved
            .is_some_and(|saved| since(saved) < keeping.every)
        {
            return;
        }
        keeping.saved = Some(now);
        match keeping.store.save_here() {
            Ok(()) => self.complained = false,
            Err(error) if !self.complained => {
                self.complained = true;
                self.news.push_back(error.into());
            }
            Err(_) => {}
        }
    }

    fn tell_rest(&mut self) {
        for follower in self.followers.iter_mut().flatten() {
            follower.tell_rest();
            self.news.append(follower.news());
        }
    }
}
