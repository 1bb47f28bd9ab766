//! Hears from the system that something has changed, so that it is looked at files before it is time to.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    ffi::{OsStr, OsString},
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Waker,
};

use notify::{Event, EventKind, RecursiveMode, Watcher, event::ModifyKind};

use super::{
    follower::Follower, places::Places, position::FileId, source::Followed, work::Followers,
};

/// Folders that it takes little time to watch.
const FEW: usize = 64;

/// What the system said; shared by the thread that hears it, the task that waits for it and the listener.
#[derive(Clone, Default)]
pub(super) struct Ear {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// The names that are of interest, in whatever folder.
    names: HashSet<OsString>,
    /// Whether all names are: a file that is read still has been renamed.
    all_names: bool,
    /// Of a pattern, whose names are of interest as well.
    places: Option<Arc<Places>>,
    has_heard: bool,
    /// Whether it was of a name that has come or gone.
    names_changed: bool,
    task: Option<Waker>,
}

/// Listens to the folders of the followed paths, or to those in which these folders will be made.
///
/// What cannot be listened to is looked at as often as it was told, and it is tried again at every look.
pub(super) struct Listener {
    ear: Ear,
    watcher: Box<dyn Watcher + Send>,
    /// By followed path: the file there, and what the path is a link to.
    targets: HashMap<Arc<Path>, (Option<FileId>, Option<PathBuf>)>,
    places: Option<Arc<Places>>,
    watched: BTreeMap<FileId, PathBuf>,
    /// Folders that are not there yet.
    awaited: BTreeSet<OsString>,
    is_paused: bool,
}

/// Opens an ear; `None` if the system has no more to give.
pub(super) fn open(followed: &Followed) -> Option<(Ear, Listener)> {
    let ear = Ear::default();
    let hearing = ear.clone();
    let watcher = notify::recommended_watcher(move |message| hearing.hear(message)).ok()?;
    let listener = Listener::new(ear.clone(), Box::new(watcher), followed);
    Some((ear, listener))
}

impl Ear {
    fn lock(&self) -> MutexGuard<'_, State> {
        // No foreign code runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hear(&self, message: notify::Result<Event>) {
        // What is lost or went wrong may have been of interest.
        let (is_wanted, is_of_names) = match message {
            Err(_) => (true, true),
            Ok(event) if event.need_rescan() || event.paths.is_empty() => (true, true),
            // Files are opened and read all the time, here as well.
            Ok(Event {
                kind: EventKind::Access(_),
                ..
            }) => return,
            Ok(event) => {
                let is_of_names = match event.kind {
                    EventKind::Modify(ModifyKind::Name(_)) => true,
                    EventKind::Modify(_) => false,
                    _ => true,
                };
                let state = self.lock();
                let is_wanted = event.paths.iter().any(|path| {
                    path.file_name()
                        .is_none_or(|name| state.wants(name, is_of_names))
                });
                (is_wanted, is_of_names)
            }
        };
        if !is_wanted {
            return;
        }
        let task = {
            let mut state = self.lock();
            state.has_heard = true;
            state.names_changed |= is_of_names;
            state.task.take()
        };
        if let Some(task) = task {
            task.wake();
        }
    }

    /// Tells whether something was said since the last look began; otherwise has `task` woken when it is.
    pub(super) fn has_heard(&self, task: &Waker) -> bool {
        let mut state = self.lock();
        if state.has_heard {
            return true;
        }
        let replaced = match &state.task {
            Some(known) if known.will_wake(task) => None,
            _ => state.task.replace(task.clone()),
        };
        // Dropped outside the lock: a waker may hold a whole task.
        drop(state);
        drop(replaced);
        false
    }
}

impl State {
    fn wants(&self, name: &OsStr, has_come_or_gone: bool) -> bool {
        let is_of_pattern = |places: &Arc<Places>| {
            if has_come_or_gone {
                places.has(name)
            } else {
                places.has_file(name)
            }
        };
        self.all_names
            || self.names.contains(name)
            || self.places.as_ref().is_some_and(is_of_pattern)
    }
}

impl Listener {
    fn new(ear: Ear, watcher: Box<dyn Watcher + Send>, followed: &Followed) -> Self {
        let places = match followed {
            Followed::Paths(_) => None,
            Followed::Pattern(pattern) => Some(Arc::new(Places::of(pattern))),
        };
        ear.lock().places.clone_from(&places);
        Self {
            ear,
            watcher,
            places,
            targets: HashMap::new(),
            watched: BTreeMap::new(),
            awaited: BTreeSet::new(),
            is_paused: false,
        }
    }

    /// Forgets what was said; tells whether names have come or gone.
    pub(super) fn forget(&self) -> bool {
        let mut state = self.ear.lock();
        state.has_heard = false;
        std::mem::take(&mut state.names_changed)
    }

    /// Listens where these paths lead by now; tells whether there is anything new that is listened to.
    ///
    /// The folders of a pattern are as they were while no names have come or gone.
    pub(super) fn listen(&mut self, followers: &Followers, names_changed: bool) -> bool {
        let has_moved = self.find_targets(followers);
        let all_names = followers.values().any(Follower::has_left_files);
        let is_back = std::mem::take(&mut self.is_paused);
        let is_new = if has_moved || names_changed || is_back || self.places.is_none() {
            self.listen_to_folders(has_moved)
        } else {
            false
        };
        let heard_all = std::mem::replace(&mut self.ear.lock().all_names, all_names);
        is_new || all_names && !heard_all
    }

    /// Does not listen until the next call of `listen`, as far as that is soon undone.
    pub(super) fn pause(&mut self) {
        if !self.is_paused && self.watched.len() <= FEW {
            self.is_paused = true;
            self.watch(BTreeMap::new());
        }
    }

    fn listen_to_folders(&mut self, has_moved: bool) -> bool {
        let mut wanted = BTreeMap::new();
        let mut awaited = BTreeSet::new();
        for folder in self.folders() {
            if let Some((place, file, next)) = nearest(&folder) {
                wanted.insert(file, place);
                awaited.extend(next);
            }
        }
        let is_new = self.watch(wanted) || has_moved || awaited != self.awaited;
        if is_new {
            self.awaited = awaited;
            let names = self.names();
            self.ear.lock().names = names;
        }
        is_new
    }

    /// Follows paths that are links; tells whether one leads elsewhere.
    fn find_targets(&mut self, followers: &Followers) -> bool {
        let known = self.targets.len();
        self.targets.retain(|path, _| followers.contains_key(path));
        let mut has_moved = self.targets.len() != known;
        for (path, follower) in followers {
            let file = follower.current();
            if !matches!(self.targets.get(path), Some((known, _)) if *known == file) {
                let target = path.is_symlink().then(|| fs::canonicalize(path).ok());
                self.targets
                    .insert(Arc::clone(path), (file, target.flatten()));
                has_moved = true;
            }
        }
        has_moved
    }

    fn paths(&self) -> impl Iterator<Item = &Path> {
        self.targets.iter().flat_map(|(path, (_, target))| {
            [Some(&**path), target.as_deref()].into_iter().flatten()
        })
    }

    fn folders(&self) -> BTreeSet<PathBuf> {
        let folder = |path: &Path| path.parent().map(Path::to_owned);
        let searched = self.places.as_ref().map(|places| places.folders());
        let searched = searched.into_iter().flatten();
        self.paths().filter_map(folder).chain(searched).collect()
    }

    /// Watches what is wanted and nothing else; tells whether any of it is new.
    fn watch(&mut self, wanted: BTreeMap<FileId, PathBuf>) -> bool {
        // First, for another folder may have the path by now.
        self.watched.retain(|file, path| {
            let keep = wanted.get(file) == Some(path);
            if !keep {
                // It may be gone, and then nothing is watched any more.
                let _ = self.watcher.unwatch(path);
            }
            keep
        });
        let mut is_new = false;
        for (file, path) in wanted {
            if !self.watched.contains_key(&file)
                && self
                    .watcher
                    .watch(&path, RecursiveMode::NonRecursive)
                    .is_ok()
            {
                self.watched.insert(file, path);
                is_new = true;
            }
        }
        is_new
    }

    /// The names of the files, and of the folders, which are told if it is about themselves.
    fn names(&self) -> HashSet<OsString> {
        let folders = self.watched.values().map(PathBuf::as_path);
        let names = self.paths().chain(folders).filter_map(Path::file_name);
        let names = names.map(ToOwned::to_owned);
        names.chain(self.awaited.iter().cloned()).collect()
    }
}

/// Gives the folder, or the nearest one above that is there, what it is, and the name that is missing in it.
fn nearest(folder: &Path) -> Option<(PathBuf, FileId, Option<OsString>)> {
    let mut missing = None;
    for place in folder.ancestors() {
        let place = if place == Path::new("") {
            Path::new(".")
        } else {
            place
        };
        if let Ok(metadata) = fs::metadata(place)
            && metadata.is_dir()
        {
            return Some((place.to_owned(), FileId::of(&metadata), missing));
        }
        missing = place.file_name().map(ToOwned::to_owned);
    }
    None
}

#[cfg(test)]
mod tests {
    use notify::{
        Config, Error, ErrorKind, EventHandler, WatcherKind,
        event::{AccessKind, CreateKind, Flag, ModifyKind},
    };

    use super::*;
    use crate::fs::tail::{follower::Start, source::Options};

    /// A system that has no more watches to give.
    struct Exhausted;

    impl Watcher for Exhausted {
        fn new<F: EventHandler>(_: F, _: Config) -> notify::Result<Self> {
            Ok(Self)
        }

        fn watch(&mut self, _: &Path, _: RecursiveMode) -> notify::Result<()> {
            Err(Error::new(ErrorKind::MaxFilesWatch))
        }

        fn unwatch(&mut self, _: &Path) -> notify::Result<()> {
            Err(Error::watch_not_found())
        }

        fn kind() -> WatcherKind {
            WatcherKind::NullWatcher
        }
    }

    fn listener(watcher: impl Watcher + Send + 'static) -> (Listener, Followers) {
        let path = PathBuf::from("no such folder/app.log");
        let options = Options::new(Followed::Paths(vec![path.clone()]));
        let path: Arc<Path> = path.into();
        let follower = Follower::new(Arc::clone(&path), Start::Beginning, &options);
        let listener = Listener::new(Ear::default(), Box::new(watcher), &options.followed);
        (listener, [(path, follower)].into())
    }

    #[test]
    fn without_watches_it_is_quiet_and_tries_again() {
        let (mut listener, followers) = listener(Exhausted);
        // The names at first.
        assert!(listener.listen(&followers, false));
        for _ in 0..3 {
            assert!(!listener.listen(&followers, false));
            assert!(listener.watched.is_empty());
            assert!(!listener.ear.has_heard(Waker::noop()));
        }
        listener.watcher = Box::new(notify::NullWatcher);
        assert!(
            listener.listen(&followers, false),
            "there are watches again"
        );
        assert!(!listener.listen(&followers, false));
    }

    #[test]
    fn what_is_of_no_interest_wakes_nobody() {
        let (mut listener, followers) = listener(notify::NullWatcher);
        listener.listen(&followers, false);
        let told = |kind, path: &str| {
            listener.forget();
            listener
                .ear
                .hear(Ok(Event::new(kind).add_path(path.into())));
            listener.ear.has_heard(Waker::noop())
        };
        let modify = EventKind::Modify(ModifyKind::Any);
        let create = EventKind::Create(CreateKind::Any);
        assert!(told(modify, "/somewhere/app.log"));
        assert!(told(create, "/somewhere/no such folder"), "it is awaited");
        assert!(!told(modify, "/somewhere/other.log"));
        assert!(!told(EventKind::Access(AccessKind::Any), "app.log"));
        listener.forget();
        let lost = Event::new(EventKind::Other).set_flag(Flag::Rescan);
        listener.ear.hear(Ok(lost));
        assert!(
            listener.ear.has_heard(Waker::noop()),
            "anything may be lost"
        );
    }
}
