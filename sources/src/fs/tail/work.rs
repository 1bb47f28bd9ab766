//! All followed paths: the work of a look, on another thread.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::time::Instant;

use super::{
    ear::Listener,
    error::TailError,
    event::News,
    follower::{Follower, Start},
    ledger::Ledger,
    readers::Readers,
    rhythm::Rhythm,
    source::{Followed, INTERVAL, Options},
    store::PositionStore,
};

/// Where positions are kept, and how often they are saved.
pub(super) struct Keeping {
    pub(super) store: PositionStore,
    pub(super) ledger: Arc<Ledger>,
    pub(super) every: Duration,
    pub(super) saved: Option<Instant>,
    /// Whether it was told that they cannot be saved.
    pub(super) complained: bool,
}

/// By followed path, so that their order is that of the paths.
pub(super) type Followers = BTreeMap<Arc<Path>, Follower>;

/// What is known of the paths of a pattern.
#[derive(Default)]
struct Search {
    /// When it was looked for them last.
    searched: Option<Instant>,
    found: BTreeSet<PathBuf>,
    /// Folders that cannot be looked into, which was told.
    complaints: BTreeMap<PathBuf, io::ErrorKind>,
}

/// All followed paths. It is looked at them on another thread.
pub(super) struct Work {
    options: Options,
    /// None where nothing can be heard.
    listener: Option<Listener>,
    keeping: Option<Keeping>,
    has_begun: bool,
    followers: Followers,
    readers: Readers,
    search: Search,
    rhythm: Rhythm,
    pub(super) news: VecDeque<News>,
    /// What is read into next.
    room: Vec<u8>,
    /// Whether anything was read, or is listened to from now on, so that it should be looked again at once.
    pub(super) has_more: bool,
    /// Whether there was more than is read at once, so that it is worth to read on while lines are cut.
    pub(super) is_behind: bool,
    /// How long the last look took.
    pub(super) took: Duration,
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
            keeping,
            has_begun: false,
            followers: BTreeMap::new(),
            readers: Readers::default(),
            search: Search::default(),
            rhythm: Rhythm::default(),
            news: VecDeque::new(),
            room: Vec::new(),
            has_more: false,
            is_behind: false,
            took: Duration::ZERO,
            failed: None,
        }
    }

    pub(super) fn look(&mut self, now: Instant, room: Vec<u8>) {
        let begun = Instant::now();
        if self.room.capacity() == 0 {
            self.room = room;
        }
        // What was said until now is seen by this look.
        let mut names_changed = self.listener.as_ref().is_some_and(Listener::forget);
        if !self.has_begun {
            if let Err(error) = self.begin(now) {
                self.failed = Some(error);
                return;
            }
            self.has_begun = true;
            names_changed = true;
        } else if names_changed || self.is_time_to_search(now) {
            self.search(now, &Start::Beginning);
            names_changed = true;
        }
        self.save(now);
        self.has_more = false;
        self.is_behind = false;
        for follower in self.followers.values_mut() {
            if follower.look(now, &mut self.room, &mut self.readers) {
                self.has_more = true;
                self.is_behind |= follower.is_behind();
            }
        }
        self.save_beginnings();
        self.tell();
        self.forget_lost_paths();
        self.rhythm.note(now, self.has_more);
        if self.is_stream() {
            if let Some(listener) = &mut self.listener {
                listener.pause();
            }
        } else if let Some(listener) = &mut self.listener
            && listener.listen(&self.followers, names_changed)
        {
            // What came before it was listened to has to be looked for.
            self.has_more = true;
            self.search.searched = None;
        }
        self.took = begun.elapsed();
    }

    /// Tells whether lines come so fast that it is better to look soon than to be told of each. Only for who can be told.
    pub(super) fn is_stream(&self) -> bool {
        self.listener.is_some() && self.rhythm.is_stream()
    }

    /// Gives the time until the next look that nobody asks for: also positions are saved and files given up by looks.
    pub(super) fn rest(&self) -> Duration {
        let Options {
            interval, linger, ..
        } = self.options;
        let saving = self.keeping.as_ref().map(|keeping| keeping.every);
        let has_left_files = self.followers.values().any(Follower::has_left_files);
        let leaving = has_left_files.then_some(linger);
        let others = [saving, leaving].into_iter().flatten();
        others.fold(interval, |rest, time| rest.min(time.max(INTERVAL)))
    }

    fn tell(&mut self) {
        for follower in self.followers.values_mut() {
            self.news.append(follower.news());
        }
    }

    fn begin(&mut self, now: Instant) -> Result<(), TailError> {
        if let Some(Keeping { store, ledger, .. }) = &self.keeping {
            store.begin(ledger)?;
        }
        let start = self.options.start.clone();
        match &self.options.followed {
            Followed::Paths(paths) => {
                for path in paths.clone() {
                    self.follow(path, &start);
                }
            }
            Followed::Pattern(pattern) => {
                let known = self.keeping.iter();
                let known = known.flat_map(|keeping| keeping.store.followed_paths());
                // They may have been renamed while nobody looked.
                let known: Vec<_> = known.filter_map(|path| pattern.find(&path)).collect();
                for path in known {
                    self.follow(path, &start);
                }
                self.search(now, &start);
            }
        }
        for follower in self.followers.values_mut() {
            follower.resume(now, &mut self.readers);
        }
        Ok(())
    }

    /// Follows one more path, from where it was saved if it begins.
    fn follow(&mut self, path: PathBuf, start: &Start) {
        let path: Arc<Path> = path.into();
        if self.followers.contains_key(&path) {
            return;
        }
        let saved = match &self.keeping {
            Some(Keeping { store, .. }) if !self.has_begun => store.positions(&path),
            _ => Vec::new(),
        };
        let start = if saved.is_empty() {
            start.clone()
        } else {
            Start::Saved(saved)
        };
        let follower = Follower::new(Arc::clone(&path), start, &self.options);
        self.followers.insert(path, follower);
    }

    fn is_time_to_search(&self, now: Instant) -> bool {
        let is_pattern = matches!(self.options.followed, Followed::Pattern(_));
        let interval = if self.is_stream() {
            // Nobody tells of new names now.
            self.options.interval.min(INTERVAL)
        } else {
            self.options.interval
        };
        let since = |searched| now.saturating_duration_since(searched);
        let searched = self.search.searched;
        is_pattern && searched.is_none_or(|searched| since(searched) >= interval)
    }

    /// Looks for new paths of the pattern, if it is one.
    fn search(&mut self, now: Instant, start: &Start) {
        let Followed::Pattern(pattern) = &self.options.followed else {
            return;
        };
        let (mut found, troubles) = pattern.files();
        if let Some(Keeping { store, .. }) = &self.keeping {
            // A file of positions that is followed changes whenever it was read.
            found.retain(|path| !store.is_own(path));
        }
        let complaints: BTreeMap<_, _> = troubles
            .iter()
            .map(|(path, cause)| (path.clone(), cause.kind()))
            .collect();
        for (path, cause) in troubles {
            if self.search.complaints.get(&path) != Some(&cause.kind()) {
                let trouble = TailError::Unreadable { path, cause };
                self.news.push_back(trouble.into());
            }
        }
        for path in &found {
            self.follow(path.clone(), start);
        }
        self.search = Search {
            searched: Some(now),
            found,
            complaints,
        };
    }

    /// Forgets paths that are gone, once all was read that they have led to.
    fn forget_lost_paths(&mut self) {
        if let Followed::Paths(_) = self.options.followed {
            return;
        }
        let found = &self.search.found;
        let lost = |path: &Arc<Path>, follower: &mut Follower| {
            !found.contains(&**path) && follower.is_done()
        };
        for (_, follower) in self.followers.extract_if(.., lost) {
            self.news.extend(follower.forget());
        }
    }

    /// Saves where it began with a path before the first of its lines is told: a crash from then on leaves nothing out.
    fn save_beginnings(&mut self) {
        let Some(keeping) = &mut self.keeping else {
            return;
        };
        let Keeping { store, ledger, .. } = keeping;
        let mut has_begun = false;
        for follower in self.followers.values_mut() {
            for (stamp, mark) in follower.take_beginning() {
                ledger.note(stamp, mark);
                has_begun = true;
            }
        }
        if has_begun && let Err(error) = store.save_here() {
            keeping.complained = true;
            self.news.push_back(error.into());
        }
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
            Ok(()) => keeping.complained = false,
            Err(error) if !keeping.complained => {
                keeping.complained = true;
                self.news.push_back(error.into());
            }
            Err(_) => {}
        }
    }

    pub(super) fn tell_rest(&mut self) {
        for follower in self.followers.values_mut() {
            follower.tell_rest();
        }
        self.tell();
    }
}
