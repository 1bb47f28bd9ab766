//! `watch`: what changes in a folder.

mod error;
mod pending;

use std::{
    collections::VecDeque,
    fmt,
    ops::ControlFlow,
    path::{Path, PathBuf},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
    time::Duration,
};

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use thalweg_core::{Cx, Drained, DropReason, Holds, Meter, Observable, Plan, StageId};
use thalweg_operators::{Flow, IntoFlow, Timer};
use tokio::time::Instant;

use pending::Pending;

pub use error::WatchError;

/// Paths that may have changes that are not told yet, and messages of the system that are not looked at yet.
const CAPACITY: usize = 4096;

/// How long a path has to be quiet, unless it is told otherwise.
const QUIET: Duration = Duration::from_millis(50);

/// Emits a [`Change`] when something in a folder, or in the folders in it, was made, changed, removed or renamed.
///
/// ```text
/// folder a made, a written--a written-------a removed--
///      watch(folder)
/// out  ----------------------Created(a)-----------Removed(a)-…
/// ```
///
/// A change is told when its path was quiet for 50 milliseconds, see [`Watch::quiet`], and several in that time are told
/// as what they come to: made and written is made, made and removed is nothing. Changes of different paths come in the
/// order in which the paths became quiet. A watched file instead of a folder is possible; it is followed by its inode on
/// some systems, so for files that are replaced watch their folder.
///
/// It is the system that tells of changes, so there is a limit to how many it remembers, and so there is here: 4,096
/// paths. Beyond it [`Change::Rescan`] is told in their place: look for yourself. Network file systems tell only of what
/// this machine does. Never completes by itself; completes when it is asked to stop.
///
/// # Backpressure
///
/// Changes come whether or not the consumer wants them; it holds 4,096 at most, and says `Rescan` for more.
///
/// # Cancel safety
///
/// Dropping the flow drops the changes that were not told.
///
/// # Errors
///
/// [`WatchError`] if the path cannot be watched, or not any more. It names the path.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sources::{Change, watch}};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path().canonicalize()?;
/// let file = folder.join("settings.toml");
/// let mut changes = watch(&folder);
/// let change = tokio::select! {
///     biased;
///     change = changes.next() => change?,
///     // It watches once it was polled.
///     () = async { std::fs::write(&file, "x = 1").unwrap(); std::future::pending().await } => None,
/// };
/// assert_eq!(change, Some(Change::Created(file)));
/// # Ok(()) }
/// ```
#[doc(alias = "notify")]
#[doc(alias = "inotify")]
#[doc(alias = "DirectoryChangesSource")]
#[track_caller]
pub fn watch(path: impl AsRef<Path>) -> Flow<Watch> {
    Watch::new(path).flow()
}

/// What has changed; see [`watch`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// It was made, or came from outside of what is watched.
    Created(PathBuf),
    /// Its content or its metadata were changed, or it was replaced.
    Modified(PathBuf),
    /// It was removed, or went out of what is watched.
    Removed(PathBuf),
    /// It has another name.
    Renamed {
        /// The name before.
        from: PathBuf,
        /// The name now.
        to: PathBuf,
    },
    /// There was more than could be remembered: what was not told is lost, so look at everything.
    Rescan,
}

/// The observable of [`watch`]. A clone watches anew.
#[must_use = "observables do nothing unless they are polled"]
pub struct Watch {
    path: PathBuf,
    depth: RecursiveMode,
    quiet: Duration,
    state: State,
    meter: Meter,
    id: StageId,
}

enum State {
    Idle,
    Watching(Watching),
    Ended,
}

struct Watching {
    /// Stops to listen when it is dropped.
    _watcher: RecommendedWatcher,
    heard: Arc<Mutex<Heard>>,
    pending: Pending,
    timer: Timer,
}

/// What the system said and nobody has looked at.
#[derive(Default)]
struct Heard {
    messages: VecDeque<notify::Result<notify::Event>>,
    has_overflowed: bool,
    task: Option<Waker>,
}

fn lock(heard: &Mutex<Heard>) -> MutexGuard<'_, Heard> {
    // No foreign code runs under the lock.
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Watch {
    /// Names the folder; [`flow`](IntoFlow::flow) puts the operators on it.
    #[track_caller]
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self {
            path: path.as_ref().to_owned(),
            depth: RecursiveMode::Recursive,
            quiet: QUIET,
            state: State::Idle,
            meter: Meter::new(),
            id: StageId::here("watch"),
        }
    }

    /// Watches what is in the folder itself, not what is in the folders in it.
    pub fn this_folder_only(mut self) -> Self {
        self.depth = RecursiveMode::NonRecursive;
        self
    }

    /// Tells a change when its path was quiet for so long, in place of 50 milliseconds; 0 tells it at once.
    pub fn quiet(mut self, time: Duration) -> Self {
        self.quiet = time;
        self
    }

    fn begin(&self) -> notify::Result<Watching> {
        let heard = Arc::new(Mutex::new(Heard::default()));
        let ear = Arc::clone(&heard);
        let mut watcher = notify::recommended_watcher(move |message| {
            let task = {
                let mut heard = lock(&ear);
                if heard.messages.len() < CAPACITY {
                    heard.messages.push_back(message);
                } else {
                    heard.has_overflowed = true;
                }
                heard.task.take()
            };
            if let Some(task) = task {
                task.wake();
            }
        })?;
        watcher.watch(&self.path, self.depth)?;
        Ok(Watching {
            _watcher: watcher,
            heard,
            pending: Pending::new(CAPACITY),
            timer: Timer::new(),
        })
    }

    fn end(&mut self) {
        if let State::Watching(watching) = &self.state {
            let left = watching.pending.len() as u64;
            self.meter.drop_items(DropReason::Cancelled, left);
        }
        self.state = State::Ended;
    }
}

impl Watching {
    /// Takes over what the system said.
    fn listen(&mut self, task: &Waker, now: Instant, meter: &Meter) -> notify::Result<()> {
        let (messages, has_overflowed, _replaced) = {
            let mut heard = lock(&self.heard);
            let replaced = heard.task.replace(task.clone());
            let messages = std::mem::take(&mut heard.messages);
            (
                messages,
                std::mem::take(&mut heard.has_overflowed),
                replaced,
            )
        };
        for message in messages {
            self.pending.add(message?, now, meter);
        }
        if has_overflowed {
            self.pending.rescan(now, meter);
        }
        Ok(())
    }
}

impl Observable for Watch {
    type Item = Change;
    type Error = WatchError;

    fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: F,
    ) -> Poll<Result<Drained, WatchError>>
    where
        F: FnMut(Change) -> ControlFlow<()>,
    {
        let this = &mut *self;
        if cx.stopping() {
            this.end();
        }
        if matches!(this.state, State::Idle) {
            match this.begin() {
                Ok(watching) => this.state = State::Watching(watching),
                Err(cause) => {
                    this.end();
                    return Poll::Ready(Err(WatchError::new(&this.path, cause)));
                }
            }
        }
        let State::Watching(watching) = &mut this.state else {
            return Poll::Ready(Ok(Drained::Completed));
        };
        let now = Instant::now();
        if let Err(cause) = watching.listen(cx.waker(), now, &this.meter) {
            this.end();
            return Poll::Ready(Err(WatchError::new(&this.path, cause)));
        }
        loop {
            let Some(since) = watching.pending.oldest() else {
                return Poll::Pending;
            };
            watching.timer.set(since + this.quiet);
            if !watching.timer.poll(cx.task(), now) {
                return Poll::Pending;
            }
            if !cx.spend() {
                return Poll::Ready(Ok(Drained::Exhausted));
            }
            if let Some(change) = watching.pending.take_oldest() {
                this.meter.emit(1);
                if emit(change).is_break() {
                    return Poll::Ready(Ok(Drained::Stopped));
                }
            }
        }
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.id)
            .holds(Holds::Items(CAPACITY))
            .meter(&self.meter);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.end();
    }
}

impl Clone for Watch {
    fn clone(&self) -> Self {
        Self {
            path: self.path.clone(),
            depth: self.depth,
            quiet: self.quiet,
            state: State::Idle,
            meter: Meter::new(),
            id: self.id,
        }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("path", &self.path)
            .field("quiet", &self.quiet)
            .field("ended", &matches!(self.state, State::Ended))
            .finish_non_exhaustive()
    }
}
