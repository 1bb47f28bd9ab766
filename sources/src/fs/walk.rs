//! `walk`: what a folder holds, and the folders in it, down to the last.

use std::{
    convert::Infallible,
    error::Error,
    fmt, io,
    ops::ControlFlow,
    path::{Path, PathBuf},
    pin::Pin,
    task::{Poll, ready},
    vec,
};

use thalweg_core::{Cx, Drained, DropReason, Holds, Meter, Observable, Plan, StageId};
use thalweg_operators::{Flow, IntoFlow};
use walkdir::{DirEntry, WalkDir};

use super::trip::Trip;

/// Entries that one trip to another thread brings.
const BATCH: usize = 256;

/// Emits an [`Entry`] for everything in a folder, and in the folders in it; a folder comes before what it holds.
///
/// ```text
///      walk(folder)
/// out  --a-a/b-a/c-d-|
/// ```
///
/// The folder itself does not come. Symbolic links come as links and are not followed, the order is that of the file
/// system; for other ways see the methods of [`Walk`]. Completes after the last entry, or when it is asked to stop.
///
/// # Backpressure
///
/// Reads on when the consumer wants more. Holds 256 entries, and an open folder for every level, at most 10 of them; the
/// rest of the names in deeper ones' parents is kept in memory, and so are the names of a folder that is to be
/// [sorted](Walk::sorted).
///
/// # Cancel safety
///
/// Dropping the flow drops the entries that it holds.
///
/// # Errors
///
/// The flow does not fail. What cannot be looked into is an item: [`WalkError`], and the walk goes on beside it. To end at
/// the first use `raise`.
///
/// # Panics
///
/// Panics when polled outside of a tokio runtime.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sources::walk};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let entries = walk("src").raise();
/// let files = entries.filter(|entry| entry.is_file()).map(|entry| entry.into_path());
/// assert!(files.collect::<Vec<_>>().await.unwrap().contains(&"src/lib.rs".into()));
/// # }
/// ```
#[doc(alias = "read_dir")]
#[doc(alias = "walkdir")]
#[doc(alias = "glob")]
#[track_caller]
pub fn walk(folder: impl AsRef<Path>) -> Flow<Walk> {
    Walk::new(folder).flow()
}

/// The observable of [`walk`]. A clone walks anew.
#[must_use = "observables do nothing unless they are polled"]
pub struct Walk {
    options: Options,
    state: State,
    meter: Meter,
    id: StageId,
}

#[derive(Clone, Debug)]
struct Options {
    folder: PathBuf,
    max_depth: usize,
    skip_hidden: bool,
    follow_links: bool,
    sorted: bool,
}

enum State {
    Idle,
    Walking {
        trip: Trip<Walker>,
        batch: vec::IntoIter<Result<Entry, WalkError>>,
    },
    Ended,
}

impl Walk {
    /// Names the folder; [`flow`](IntoFlow::flow) puts the operators on it.
    #[track_caller]
    pub fn new(folder: impl AsRef<Path>) -> Self {
        Self {
            options: Options {
                folder: folder.as_ref().to_owned(),
                max_depth: usize::MAX,
                skip_hidden: false,
                follow_links: false,
                sorted: false,
            },
            state: State::Idle,
            meter: Meter::new(),
            id: StageId::here("walk"),
        }
    }

    /// Goes so many levels down; with 1 only what is in the folder itself comes.
    ///
    /// # Panics
    ///
    /// Panics if `levels` is 0.
    #[track_caller]
    pub fn max_depth(mut self, levels: usize) -> Self {
        assert!(levels > 0, "a walk of 0 levels sees nothing");
        self.options.max_depth = levels;
        self
    }

    /// Leaves out what has a name that begins with a dot, and what is in such folders.
    pub fn skip_hidden(mut self) -> Self {
        self.options.skip_hidden = true;
        self
    }

    /// Follows symbolic links: they come as what they lead to.
    ///
    /// A link that leads back to a folder above it is a [`WalkError`], and is not followed. What several links lead to
    /// comes as many times.
    pub fn follow_links(mut self) -> Self {
        self.options.follow_links = true;
        self
    }

    /// Sorts what is in a folder by name, bytewise, so that the same tree gives the same sequence.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::{prelude::*, sources::Walk};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let entries = Walk::new(".").max_depth(1).skip_hidden().sorted().flow();
    /// let first = entries.raise().next().await.unwrap().unwrap();
    /// assert_eq!(first.path(), std::path::Path::new("./Cargo.toml"));
    /// # }
    /// ```
    pub fn sorted(mut self) -> Self {
        self.options.sorted = true;
        self
    }
}

impl Observable for Walk {
    type Item = Result<Entry, WalkError>;
    type Error = Infallible;

    fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: F,
    ) -> Poll<Result<Drained, Infallible>>
    where
        F: FnMut(Self::Item) -> ControlFlow<()>,
    {
        let this = &mut *self;
        if cx.stopping() {
            this.end();
        }
        loop {
            match &mut this.state {
                State::Idle => {
                    let mut trip = Trip::new(Walker::new(&this.options));
                    trip.begin(Walker::fill);
                    let batch = Vec::new().into_iter();
                    this.state = State::Walking { trip, batch };
                }
                State::Walking { trip, batch } => {
                    if batch.as_slice().is_empty() {
                        let walker = ready!(trip.poll_here(cx.task()));
                        if walker.batch.is_empty() {
                            if walker.at_end {
                                this.end();
                            } else {
                                trip.begin(Walker::fill);
                            }
                            continue;
                        }
                        *batch = std::mem::take(&mut walker.batch).into_iter();
                        this.meter.receive(batch.as_slice().len() as u64);
                    }
                    while !batch.as_slice().is_empty() {
                        if !cx.spend() {
                            return Poll::Ready(Ok(Drained::Exhausted));
                        }
                        let Some(entry) = batch.next() else { break };
                        this.meter.emit(1);
                        if emit(entry).is_break() {
                            return Poll::Ready(Ok(Drained::Stopped));
                        }
                    }
                }
                State::Ended => return Poll::Ready(Ok(Drained::Completed)),
            }
        }
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.id)
            .holds(Holds::Items(BATCH))
            .meter(&self.meter);
    }
}

impl Walk {
    fn end(&mut self) {
        if let State::Walking { batch, .. } = &self.state {
            let left = batch.as_slice().len() as u64;
            self.meter.drop_items(DropReason::Cancelled, left);
        }
        self.state = State::Ended;
    }
}

impl Drop for Walk {
    fn drop(&mut self) {
        self.end();
    }
}

impl Clone for Walk {
    fn clone(&self) -> Self {
        Self {
            options: self.options.clone(),
            state: State::Idle,
            meter: Meter::new(),
            id: self.id,
        }
    }
}

impl fmt::Debug for Walk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Walk")
            .field("options", &self.options)
            .field("ended", &matches!(self.state, State::Ended))
            .finish_non_exhaustive()
    }
}

/// Walks on another thread, a batch at a time.
struct Walker {
    entries: Box<dyn Iterator<Item = walkdir::Result<DirEntry>> + Send>,
    root: PathBuf,
    batch: Vec<Result<Entry, WalkError>>,
    at_end: bool,
}

impl Walker {
    fn new(options: &Options) -> Self {
        let mut entries = WalkDir::new(&options.folder)
            .max_depth(options.max_depth)
            .follow_links(options.follow_links);
        if options.sorted {
            entries = entries.sort_by_file_name();
        }
        let entries = entries.into_iter();
        Self {
            entries: if options.skip_hidden {
                Box::new(entries.filter_entry(|entry| entry.depth() == 0 || !is_hidden(entry)))
            } else {
                Box::new(entries)
            },
            root: options.folder.clone(),
            batch: Vec::new(),
            at_end: false,
        }
    }

    fn fill(&mut self) {
        self.batch.reserve_exact(BATCH);
        while self.batch.len() < BATCH {
            let Some(entry) = self.entries.next() else {
                self.at_end = true;
                return;
            };
            match entry {
                // The root: it is not a part of itself.
                Ok(entry) if entry.depth() == 0 => {
                    if !entry.path().is_dir() {
                        self.batch.push(Err(WalkError {
                            path: self.root.clone(),
                            cause: io::ErrorKind::NotADirectory.into(),
                        }));
                    }
                }
                Ok(entry) => self.batch.push(Entry::look(entry)),
                Err(error) => self.batch.push(Err(self.failed(error))),
            }
        }
    }

    fn failed(&self, error: walkdir::Error) -> WalkError {
        let path = error.path().unwrap_or(&self.root).to_owned();
        let cause = match error.loop_ancestor() {
            Some(above) => io::Error::other(format!("it leads back to {}", above.display())),
            None => error
                .into_io_error()
                .unwrap_or_else(|| io::ErrorKind::Other.into()),
        };
        WalkError { path, cause }
    }
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.file_name().as_encoded_bytes().starts_with(b".")
}

/// Something in a folder; see [`walk`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    path: PathBuf,
    kind: EntryKind,
    length: u64,
    depth: usize,
}

/// What an [`Entry`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EntryKind {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link that was not followed.
    Link,
    /// Something else: a socket, a pipe, a device.
    Other,
}

impl Entry {
    fn look(entry: DirEntry) -> Result<Self, WalkError> {
        let length = match entry.metadata() {
            Ok(metadata) => metadata.len(),
            Err(error) => {
                return Err(WalkError {
                    path: entry.into_path(),
                    cause: error
                        .into_io_error()
                        .unwrap_or_else(|| io::ErrorKind::Other.into()),
                });
            }
        };
        let kind = match entry.file_type() {
            kind if kind.is_file() => EntryKind::File,
            kind if kind.is_dir() => EntryKind::Folder,
            kind if kind.is_symlink() => EntryKind::Link,
            _ => EntryKind::Other,
        };
        let depth = entry.depth();
        Ok(Self {
            path: entry.into_path(),
            kind,
            length,
            depth,
        })
    }

    /// Gives the path, which begins with that of the folder that is walked.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the path, owned.
    pub fn into_path(self) -> PathBuf {
        self.path
    }

    /// Tells what it is.
    pub fn kind(&self) -> EntryKind {
        self.kind
    }

    /// Tells whether it is a file.
    pub fn is_file(&self) -> bool {
        self.kind == EntryKind::File
    }

    /// Tells whether it is a folder.
    pub fn is_folder(&self) -> bool {
        self.kind == EntryKind::Folder
    }

    /// Gives the length in bytes, of a file; for anything else it is what the system says.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Tells how many levels down it is; what is in the folder that is walked has 1.
    pub fn depth(&self) -> usize {
        self.depth
    }
}

/// Something in a folder that could not be looked at or into, and why.
#[derive(Debug)]
pub struct WalkError {
    path: PathBuf,
    cause: io::Error,
}

impl WalkError {
    /// Gives the path of what could not be looked at or into.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Display for WalkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, cause } = self;
        write!(f, "cannot walk {}: {cause}", path.display())
    }
}

impl Error for WalkError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}
