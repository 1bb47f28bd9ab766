//! `walk`: what a folder holds, and the folders in it, down to the last.

mod entry;
mod error;
mod walker;

use std::{
    convert::Infallible,
    fmt,
    ops::ControlFlow,
    path::Path,
    pin::Pin,
    task::{Poll, ready},
    vec,
};

use thalweg_core::{Cx, Drained, DropReason, Holds, Meter, Observable, Plan, StageId};
use thalweg_operators::{Flow, IntoFlow};

pub use entry::{Entry, EntryKind};
pub use error::WalkError;

use self::walker::{BATCH, Options, Walker};
use super::trip::Trip;

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
