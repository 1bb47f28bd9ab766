//! `tail`: the lines of files that grow, as they come.

mod block;
#[cfg_attr(not(feature = "watch"), path = "deaf.rs")]
mod ear;
mod error;
mod event;
mod follower;
mod ledger;
mod line;
mod open_file;
mod pattern;
#[cfg(feature = "watch")]
mod places;
mod position;
mod readers;
mod rhythm;
mod rotated;
mod source;
mod store;
mod tracked;
mod work;

use std::{
    convert::Infallible,
    ops::ControlFlow,
    path::{Path, PathBuf},
    pin::Pin,
    task::Poll,
    time::Duration,
};

use thalweg_core::{Cx, Drained, Observable, Plan};
use thalweg_operators::{Flow, IntoFlow};

use event::Event;
use follower::Start;
use pattern::PathPattern;
use source::{Followed, Options, TailSource};

pub use error::TailError;
pub use line::Line;
pub use pattern::PatternError;
pub use position::{FileId, ParsePositionError, Position};
pub use store::PositionStore;
pub use tracked::TrackedTail;

/// Emits the lines of a file and follows it as it grows: whatever has that name, now and later.
///
/// ```text
/// file ab\n------cd--ef\n--(renamed, made new) g\n--
///      tail(path)
/// out  ab------------cdef-----------------------g---…
/// ```
///
/// Waits for the file if it is not there. A file that is *renamed* away or deleted is read to its end before the one that
/// took its name, and for a while longer, [`Tail::linger`], because its writer may still have it open; files that came and
/// went in between two looks are found by their names (`app.log.1`, `app.log-20261122`, `app-2026-11-22.log`). A file that
/// is *truncated* is read from its start. Begins at the beginning of the file that is there; for other ways see
/// [`Tail::from_end`] and [`Tail::from_position`]. To go on after a crash see [`Tail::tracked`].
///
/// Both `\n` and `\r\n` end a line. One that has no end yet is kept until it has, or until its file is given up: then it
/// comes as it is. Never completes by itself; completes when it is asked to stop.
///
/// It looks every 250 milliseconds, at the metadata of the path and of the files that are open, on another thread; so it
/// works on every file system, also over a network. With the feature `watch` it looks at once when the system tells that
/// something has changed in the folder of the path, or of the file that the path is a link to: every 2 milliseconds at most,
/// and for a tenth of the time at most. While lines come as a stream it looks that often and is told nothing. Where nothing
/// is told at all (file systems of a network, links on the way to the folder, a system that has no watches left) the next
/// look finds it. Every tail listens for itself, on a thread and with a watch for every folder.
///
/// # Backpressure
///
/// Reads on when the consumer wants more. Holds no item; for every path a line of bytes, and 512 KiB while it is behind.
///
/// # Cancel safety
///
/// Dropping the flow loses nothing: what was not emitted is still in the file, after the last line's
/// [`position`](Line::position).
///
/// # Errors
///
/// The flow does not fail. What goes wrong is an item, [`TailError`], and it goes on beside it. To end at the first use
/// `raise`.
///
/// What cannot be seen: bytes that were written and truncated between two looks, and a file that was written anew with the
/// same 256 bytes at its start and is longer than before.
///
/// # Panics
///
/// Panics when polled outside of a tokio runtime.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sources::tail};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("app.log");
/// std::fs::write(&path, "begun\nworking\nhal")?;
/// let mut texts = tail(&path).map(|line| line?.into_text()).raise();
/// assert_eq!(texts.next().await?.as_deref(), Some("begun"));
/// assert_eq!(texts.next().await?.as_deref(), Some("working"));
/// # Ok(()) }
/// ```
#[doc(alias = "follow")]
#[doc(alias = "tail -F")]
#[doc(alias = "FileTailSource")]
#[track_caller]
pub fn tail(path: impl AsRef<Path>) -> Flow<Tail> {
    Tail::new(path).flow()
}

/// Emits the lines of several files and follows them all, as [`tail`] does with one.
///
/// The lines of each come in their order; between files a turn is what was read at once, 256 KiB at most. A file that
/// several of the paths lead to, by links or because it was renamed from one to the other, is read once.
///
/// # Backpressure
///
/// Reads on when the consumer wants more. Holds no item; for every path a line of bytes, and 512 KiB while it is behind.
///
/// # Cancel safety
///
/// As [`tail`]: nothing is lost.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sources::tail_all};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// let paths = ["a.log", "b.log"].map(|name| folder.path().join(name));
/// std::fs::write(&paths[1], "hello\n")?;
/// let mut lines = tail_all(&paths).raise();
/// let line = lines.next().await?.unwrap();
/// assert_eq!((line.path(), line.bytes()), (&*paths[1], &b"hello"[..]));
/// # Ok(()) }
/// ```
#[track_caller]
pub fn tail_all<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>) -> Flow<Tail> {
    Tail::all(paths).flow()
}

/// Emits the lines of all files whose paths are of a pattern, also of those that are made later, as [`tail_all`].
///
/// ```text
/// a.log  1\n--2\n----------
/// b.log  ------(made) 3\n--
///        tail_glob("*.log")
/// out    1----2--------3---…
/// ```
///
/// In a pattern `?` is any character, `*` any number of them, `[a-f0-9]` and `[!a]` one of some; none of them is a
/// separator of folders, nor a dot at the beginning of a name. `**` is any number of folders. A pattern that is not absolute
/// begins at the current folder. Paths that are not UTF-8 are not found.
///
/// It looks for new files every 250 milliseconds, [`Tail::every`], and lists the folders of the pattern for that. With the
/// feature `watch` it does so when the system tells of a new name in one of them as well, so that lines of a new file come at
/// once. Files that are found later are read from their beginning, whatever is said for the first ones.
///
/// A file that is renamed from one path of the pattern to another, as `app.log` to `app.log.1` with `app.log*`, is read on
/// under the first path until nothing comes for [`Tail::linger`], and under the second from there on: no line comes twice.
/// A copy is a file of its own: where logs are copied and truncated, the pattern should leave the copies out.
/// A file that is made and renamed away before it was found even once is found under its new path only, if that is one of
/// the pattern. With [`Tail::tracked`] a path that is gone is forgotten once all of its lines are acknowledged, so that the
/// store does not grow with files that come and go, and the store's own file is left out.
///
/// # Backpressure
///
/// Reads on when the consumer wants more. Holds no item; for every path a line of bytes, and 512 KiB while it is behind. Every
/// file is open, and so are those that are gone, until they are given up.
///
/// # Cancel safety
///
/// As [`tail`]: nothing is lost.
///
/// # Errors
///
/// [`PatternError`] if it is not a pattern. The flow does not fail; folders that cannot be looked into are items, as all
/// that goes wrong with files.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sources::tail_glob};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let logs = folder.path().to_str().unwrap();
/// std::fs::write(format!("{logs}/a.log"), "from a\n")?;
/// let mut texts = tail_glob(&format!("{logs}/*.log"))?.map(|line| line?.into_text()).raise();
/// assert_eq!(texts.next().await?.as_deref(), Some("from a"));
///
/// std::fs::write(format!("{logs}/b.log"), "from b, which was not there\n")?;
/// assert_eq!(texts.next().await?.as_deref(), Some("from b, which was not there"));
/// # Ok(()) }
/// ```
#[track_caller]
pub fn tail_glob(pattern: &str) -> Result<Flow<Tail>, PatternError> {
    Tail::glob(pattern).map(IntoFlow::flow)
}

/// The observable of [`tail`], [`tail_all`] and [`tail_glob`]. A clone begins anew.
#[derive(Clone, Debug)]
#[must_use = "observables do nothing unless they are polled"]
pub struct Tail {
    source: TailSource,
}

impl Tail {
    /// Names the file; [`flow`](IntoFlow::flow) puts the operators on it.
    #[track_caller]
    pub fn new(path: impl AsRef<Path>) -> Self {
        let paths = vec![path.as_ref().to_owned()];
        Self {
            source: TailSource::new("tail", Options::new(Followed::Paths(paths))),
        }
    }

    /// Names several files.
    #[track_caller]
    pub fn all<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>) -> Self {
        let mut all: Vec<PathBuf> = Vec::new();
        for path in paths {
            all.push(path.as_ref().to_owned());
        }
        // The same file twice would be read twice.
        all.sort();
        all.dedup();
        Self {
            source: TailSource::new("tail_all", Options::new(Followed::Paths(all))),
        }
    }

    /// Names all files of a pattern, as [`tail_glob`].
    ///
    /// # Errors
    ///
    /// [`PatternError`] if it is not a pattern.
    #[track_caller]
    pub fn glob(pattern: &str) -> Result<Self, PatternError> {
        let pattern = PathPattern::new(pattern)?;
        Ok(Self {
            source: TailSource::new("tail_glob", Options::new(Followed::Pattern(pattern))),
        })
    }

    /// Begins at the end of what is there at the first look, with the next line that begins.
    ///
    /// Files that come later are read from their beginning.
    pub fn from_end(mut self) -> Self {
        self.source.options.start = Start::End;
        self
    }

    /// Begins at a [`position`](Line::position) that was kept, in whatever file of the folder it is by now, and goes on
    /// with those that came after it.
    ///
    /// If there is no such file any more that is told, [`TailError::Gone`], and the newer ones are read from their
    /// beginnings.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::{prelude::*, sources::{Tail, tail}};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("app.log");
    /// std::fs::write(&path, "one\ntwo\n")?;
    /// let one = tail(&path).raise().next().await?.unwrap();
    ///
    /// std::fs::rename(&path, folder.path().join("app.log.1"))?;
    /// std::fs::write(&path, "three\n")?;
    /// let mut rest = Tail::new(&path).from_position(one.position()).flow().raise();
    /// assert_eq!(rest.next().await?.unwrap().bytes(), b"two");
    /// assert_eq!(rest.next().await?.unwrap().bytes(), b"three");
    /// # Ok(()) }
    /// ```
    pub fn from_position(mut self, position: Position) -> Self {
        self.source.options.start = Start::Saved(vec![position]);
        self
    }

    /// Lets a line have at most so many bytes, in place of 1 MiB. A longer one is passed over: [`TailError::TooLong`].
    pub fn max_length(mut self, bytes: usize) -> Self {
        self.source.options.max_length = bytes;
        self
    }

    /// Looks so often whether there is anything new, in place of every 250 milliseconds.
    ///
    /// It looks more often to save positions in time and to give a file up in time; and, with the feature `watch`, when the
    /// system tells of a change, so that a longer time does for most.
    ///
    /// # Panics
    ///
    /// Panics if `interval` is 0.
    #[track_caller]
    pub fn every(mut self, interval: Duration) -> Self {
        assert!(
            !interval.is_zero(),
            "a look every 0 seconds is nothing else than looking"
        );
        self.source.options.interval = interval;
        self
    }

    /// Reads a file that was renamed or deleted until it has not grown for so long, in place of 5 seconds.
    ///
    /// Its writer may still have it open. Meanwhile the file that took its name is read as well.
    pub fn linger(mut self, time: Duration) -> Self {
        self.source.options.linger = time;
        self
    }

    /// Tells the last line too when it is asked to stop, if it has no end yet; see [`Line::is_ended`].
    ///
    /// Who goes on at the position after it gets the rest of that line as a line.
    pub fn unended_on_stop(mut self) -> Self {
        self.source.options.unended_on_stop = true;
        self
    }

    /// Begins where `store` says, and saves there how far lines were acknowledged: at least once, also over a crash.
    ///
    /// The items are [`Tracked`](thalweg_core::Tracked) lines. What is saved is the place before the first line that was not
    /// acknowledged, and if the program is killed it goes on there: lines after it that were acknowledged come again, none
    /// is left out. Where the store says nothing of a path it begins as without it.
    ///
    /// Positions are saved every second and when [`PositionStore::save`] is called, which belongs to the end of a program.
    /// A line that is dropped without being acknowledged ends the flow with [`TailError::Unacknowledged`]; a clone goes
    /// on at that line, so `retry` is enough to have it again.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::{prelude::*, sources::{PositionStore, Tail}};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("app.log");
    /// std::fs::write(&path, "one\ntwo\n")?;
    /// for expected in ["one", "two"] {
    ///     let store = PositionStore::new(folder.path().join("positions"));
    ///     let mut lines = Tail::new(&path).tracked(&store).flow().raise();
    ///     let line = lines.next().await?.unwrap();
    ///     assert_eq!(line.ack().into_text()?, expected);
    ///     store.save().await?;
    /// }
    /// # Ok(()) }
    /// ```
    pub fn tracked(self, store: &PositionStore) -> TrackedTail {
        TrackedTail::new(self.source, store.clone())
    }
}

impl Observable for Tail {
    type Item = Result<Line, TailError>;
    type Error = Infallible;

    fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: F,
    ) -> Poll<Result<Drained, Infallible>>
    where
        F: FnMut(Self::Item) -> ControlFlow<()>,
    {
        let drained = self.source.poll_drain(
            cx,
            || None,
            |event| match event {
                Event::Line(line) => emit(Ok(line)),
                Event::Trouble(error) => emit(Err(error)),
                Event::Mark(..) => ControlFlow::Continue(()),
            },
        );
        // Only a store can make it fail, and there is none.
        drained.map(|drained| Ok(drained.unwrap_or(Drained::Completed)))
    }

    fn describe(&self, plan: &mut Plan) {
        self.source.describe(plan);
    }
}
