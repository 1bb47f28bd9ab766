//! All followed paths: the work of a look, on another thread.

use std::{collections::VecDeque, path::Path, sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{
    ear::Listener,
    error::TailError,
    event::News,
    follower::{Follower, Start},
    ledger::Ledger,
    source::Options,
    store::PositionStore,
};

/// Where positions are kept, and how often they are saved.
pub(super) struct Keeping {
    pub(super) store: PositionStore,
    pub(super) ledger: Arc<Ledger>,
    pub(super) every: Duration,
    pub(super) saved: Option<Instant>,
}

/// All followed paths. It is looked at them on another thread.
pub(super) struct Work {
    options: Options,
    /// None where nothing can be heard.
    listener: Option<Listener>,
    /// None until the first look.
    followers: Option<Vec<Follower>>,
    keeping: Option<Keeping>,
    pub(super) news: VecDeque<News>,
    /// What is read into next.
    room: Vec<u8>,
    complained: bool,
    /// Whether anything was read, so that it should be looked again at once.
    pub(super) has_more: bool,
    /// Whether there was more than is read at once, so that it is worth to read on while lines are cut.
    pub(super) is_behind: bool,
    pub(super) failed: Option<TailError>,
}

impl Work {
    pub(super) fn new(
        options: Options,
        keeping: Option<Keeping>,
        listener: Option<Listener>,
    ) -> Self {
        Self {
            options,
            listener,
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

    pub(super) fn look(&mut self, now: Instant, room: Vec<u8>) {
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
        if let Some(listener) = &self.listener {
            // What was said until now is seen by this look.
            listener.forget();
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
        if let (Some(listener), Some(followers)) = (&mut self.listener, &self.followers) {
            // What came before it is listened to has to be looked for.
            self.has_more |= listener.listen(followers);
        }
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

    pub(super) fn tell_rest(&mut self) {
        for follower in self.followers.iter_mut().flatten() {
            follower.tell_rest();
            self.news.append(follower.news());
        }
    }
}
