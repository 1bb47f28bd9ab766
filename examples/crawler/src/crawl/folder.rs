//! The directory of a crawl: its log, its outputs and its options, which outlive the process.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::Instant;

use super::admission::Admission;
use super::event::CrawlEvent;
use super::folder_error::{FolderError, Trouble};
use super::frontier::{Found, Key, Log, Numbers, Queue, State};
use super::{queue, written};
use crate::args::Args;
use crate::output::{Outputs, PAGES, Positions};

/// What the log of a crawl is called, in its directory.
const LOG: &str = "frontier.log";

/// The file that a crawl holds a lock on while it runs.
const LOCK: &str = "lock";

/// How far apart the times are at which all is brought to the disk.
const SYNC_EVERY: Duration = Duration::from_secs(1);

/// The kind of the numbers in the log that are lengths of files.
const FILE: &str = "file";

/// The directory of a crawl that was opened to write to, by this process alone.
///
/// What happens is appended to the outputs first and then, with their lengths, committed to the log. So the log tells at
/// any moment where the outputs were whole, and a crawl that was killed goes on from there.
#[derive(Debug)]
pub struct Folder {
    directory: PathBuf,
    outputs: Outputs,
    log: Log,
    start: Option<Start>,
    /// What was counted by the end of the runs before.
    before: Numbers,
    last_sync: Instant,
    syncing: Option<Syncing>,
    /// Held until the folder is dropped.
    _lock: File,
}

/// Brings what was written by a moment to the disk, while the crawl goes on.
#[derive(Debug)]
struct Syncing {
    /// How long the log was at that moment.
    length: u64,
    work: JoinHandle<Result<(), FolderError>>,
}

/// What a crawl begins with.
#[derive(Debug)]
pub(super) struct Start {
    pub(super) admission: Admission,
    pub(super) queue: Queue,
}

impl Start {
    /// Begins with nothing.
    pub(super) fn anew(args: &Args, key: Key) -> Self {
        Self {
            admission: Admission::new(args, key),
            queue: queue(args),
        }
    }
}

impl Folder {
    /// Makes `directory` if needed, for a new crawl.
    ///
    /// # Errors
    ///
    /// [`FolderError`] if it cannot be made or written to, if another process uses it, or if it holds a crawl already
    /// and `args` do not say to overwrite it.
    pub async fn create(directory: &Path, args: &Args) -> Result<Self, FolderError> {
        let (path, kept) = (directory.to_owned(), args.clone());
        let (lock, log, key) = blocking(directory, move || {
            std::fs::create_dir_all(&path)
                .map_err(|error| FolderError::new(&path, Trouble::Create(error)))?;
            let lock = lock(&path)?;
            let log = path.join(LOG);
            match std::fs::metadata(&log) {
                Ok(found) if found.len() > 0 && !kept.output.overwrite => {
                    return Err(FolderError::new(&path, Trouble::HoldsCrawl));
                }
                Ok(_) => std::fs::remove_file(&log)
                    .map_err(|error| FolderError::new(&path, Trouble::Overwrite(error)))?,
                Err(_) => {}
            }
            kept.keep(&path)
                .map_err(|error| FolderError::new(&path, Trouble::Keep(error)))?;
            Ok((lock, log, Key::random()))
        })
        .await?;
        // Outputs first: without a log there is no crawl.
        let outputs = Outputs::create(directory, args).await?;
        let log = blocking(directory, move || Ok(Log::create(&log, key)?)).await?;
        Ok(Self {
            directory: directory.to_owned(),
            outputs,
            log,
            start: Some(Start::anew(args, key)),
            before: Numbers::default(),
            last_sync: Instant::now(),
            syncing: None,
            _lock: lock,
        })
    }

    /// Opens the directory of a crawl that goes on.
    ///
    /// # Errors
    ///
    /// [`FolderError`] if it holds no crawl, if another process uses it, or if it cannot be read or written to.
    pub async fn resume(directory: &Path, args: &Args) -> Result<Self, FolderError> {
        let (path, kept) = (directory.to_owned(), args.clone());
        let (lock, state, start, log) = blocking(directory, move || {
            if !path.join(LOG).exists() {
                return Err(FolderError::new(&path, Trouble::HoldsNone));
            }
            let lock = lock(&path)?;
            let (state, start, log) = read(&path, &kept)?;
            kept.keep(&path)
                .map_err(|error| FolderError::new(&path, Trouble::Keep(error)))?;
            Ok((lock, state, start, log))
        })
        .await?;
        let mut positions = Positions::default();
        for (name, length) in state.numbers.of_kind(FILE) {
            positions.set(name, length);
        }
        Ok(Self {
            directory: directory.to_owned(),
            outputs: Outputs::resume(directory, args, &positions).await?,
            log,
            start: Some(start),
            before: state.numbers,
            last_sync: Instant::now(),
            syncing: None,
            _lock: lock,
        })
    }

    /// The directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// What the crawl begins with; to be taken once.
    pub(super) fn take_start(&mut self) -> Option<Start> {
        self.start.take()
    }

    /// What was counted by the end of the runs before.
    pub(super) fn before(&self) -> &Numbers {
        &self.before
    }

    /// Tells the log of URLs that are new, with the next commit.
    pub(super) fn found(&mut self, found: &Found) {
        self.log.found(found);
    }

    /// Tells the log that a visit is done, with the next commit.
    pub(super) fn done(&mut self, id: u64) {
        self.log.done(id);
    }

    /// Hands events to the outputs, which may learn more of them.
    pub(super) async fn append(&mut self, events: &mut [CrawlEvent]) -> Result<(), FolderError> {
        self.outputs.append(events).await?;
        Ok(())
    }

    /// Writes out what was appended, and commits it with what `counts` sets.
    ///
    /// When it is ready, all survives the death of the process; within some two seconds that of the machine.
    pub(super) async fn commit(
        &mut self,
        counts: impl FnOnce(&mut Numbers),
    ) -> Result<(), FolderError> {
        self.outputs.flush().await?;
        let positions = self.outputs.positions();
        self.log.commit(|numbers| {
            for (name, length) in positions.iter() {
                numbers.set(FILE, name, length);
            }
            counts(numbers);
        })?;
        if let Some(syncing) = self.syncing.take_if(|syncing| syncing.work.is_finished()) {
            let length = syncing.length;
            self.end_sync(syncing).await?;
            self.log.compact(length)?;
        }
        if self.syncing.is_none() && self.last_sync.elapsed() >= SYNC_EVERY {
            self.begin_sync().await?;
        }
        Ok(())
    }

    /// Begins to bring all that is committed to the disk: the outputs first, since the log tells of them.
    async fn begin_sync(&mut self) -> Result<(), FolderError> {
        let (outputs, log) = (self.outputs.to_sync().await?, self.log.to_sync());
        self.last_sync = Instant::now();
        self.syncing = Some(Syncing {
            length: self.log.length(),
            work: spawn_blocking(move || {
                outputs()?;
                Ok(log()?)
            }),
        });
        Ok(())
    }

    async fn end_sync(&mut self, syncing: Syncing) -> Result<(), FolderError> {
        ended(&self.directory, syncing.work).await
    }

    /// Ends the outputs: all is on the disk.
    pub(super) async fn close(&mut self) -> Result<(), FolderError> {
        if let Some(syncing) = self.syncing.take() {
            self.end_sync(syncing).await?;
        }
        self.outputs.close().await?;
        let log = self.log.to_sync();
        blocking(&self.directory, move || Ok(log()?)).await
    }
}

/// Reads the log of the crawl in `directory`, as far as the outputs have what it tells of.
fn read(directory: &Path, args: &Args) -> Result<(State, Start, Log), FolderError> {
    let path = directory.join(LOG);
    let length = |name: &str| Outputs::length(directory, name);
    let holds = |numbers: &Numbers| {
        numbers
            .of_kind(FILE)
            .all(|(name, told)| length(name) >= told)
    };
    let Some(state) = Log::read(&path, holds)? else {
        // It was killed before it had begun.
        let key = Key::random();
        let log = Log::create(&path, key)?;
        return Ok((State::empty(key), Start::anew(args, key), log));
    };
    let mut queue = queue(args);
    let mut admission = Admission::restore(args, (&state, &path), &mut queue)?;
    let pages = state.numbers.get(FILE, PAGES);
    written::for_each(&directory.join(PAGES), pages, |page| {
        admission.recount(page);
    })
    .map_err(|error| FolderError::new(directory, Trouble::Use(error)))?;
    let log = Log::open(&path, &state)?;
    Ok((state, Start { admission, queue }, log))
}

/// Keeps other processes out of `directory` until the file is closed.
fn lock(directory: &Path) -> Result<File, FolderError> {
    let failed = |trouble| FolderError::new(directory, trouble);
    let file = File::create(directory.join(LOCK)).map_err(|error| failed(Trouble::Use(error)))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(failed(Trouble::Busy)),
        Err(TryLockError::Error(error)) => Err(failed(Trouble::Use(error))),
    }
}

/// Runs what may take its time on a thread that may wait.
async fn blocking<T: Send + 'static>(
    directory: &Path,
    work: impl FnOnce() -> Result<T, FolderError> + Send + 'static,
) -> Result<T, FolderError> {
    ended(directory, spawn_blocking(work)).await
}

async fn ended<T>(
    directory: &Path,
    work: JoinHandle<Result<T, FolderError>>,
) -> Result<T, FolderError> {
    match work.await {
        Ok(result) => result,
        Err(error) => Err(FolderError::new(
            directory,
            Trouble::Use(io::Error::other(error)),
        )),
    }
}
