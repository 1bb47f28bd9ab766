//! The log of a crawl on disk: what was found and what is done, in commits that count whole or not at all.

mod compact;
mod error;
mod format;
mod numbers;
mod read;
#[cfg(test)]
mod tests;

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::compact::Compaction;
pub use self::error::LogError;
use self::error::Trouble;
use self::format::Commit;
pub(in crate::crawl) use self::format::Found;
pub(in crate::crawl) use self::numbers::Numbers;
pub(in crate::crawl) use self::read::{State, Waiting};
use super::fingerprint::Key;

/// A log is not compacted below this length, in bytes: it would not be worth the while.
const COMPACT_ABOVE: u64 = 64 << 20;

/// The log of a crawl, which one process appends to.
///
/// What is appended is gathered in memory. A [`commit`](Self::commit) hands all of it to the system at once: it survives
/// the death of the process. After a [sync](Self::to_sync) it survives that of the machine. A commit that was cut off is
/// not there when the log is read, so the log is at any moment that of a crawl that was whole.
///
/// Once most of it is about URLs that are done, it is rewritten without them beside the old one, in a thread of its own,
/// and takes its place.
#[derive(Debug)]
pub(in crate::crawl) struct Log {
    path: PathBuf,
    file: Arc<File>,
    length: u64,
    commit: Commit,
    numbers: Numbers,
    before: Vec<u64>,
    next_id: u64,
    done: u64,
    compact_above: u64,
    /// The length after the last compaction.
    compacted: u64,
    compaction: Option<Compaction>,
}

impl Log {
    /// Creates the log of a new crawl, in place of an earlier one.
    pub(in crate::crawl) fn create(path: &Path, key: Key) -> Result<Self, LogError> {
        let failed = |error| LogError::new(path, Trouble::Create(error));
        let mut file = File::create(path).map_err(failed)?;
        file.write_all(&format::head(key)).map_err(failed)?;
        Ok(Self::new(path, file, &State::empty(key)))
    }

    /// Reads a log up to its last whole commit; none if it was killed before it had a head.
    ///
    /// Nothing counts from the first commit on whose numbers `holds` does not agree to.
    pub(in crate::crawl) fn read(
        path: &Path,
        holds: impl Fn(&Numbers) -> bool,
    ) -> Result<Option<State>, LogError> {
        State::read(path, u64::MAX, holds)
    }

    /// Goes on with a log that was read, and cuts off what does not count.
    pub(in crate::crawl) fn open(path: &Path, state: &State) -> Result<Self, LogError> {
        let open = || -> io::Result<File> {
            let mut file = OpenOptions::new().write(true).open(path)?;
            file.set_len(state.end)?;
            file.seek(SeekFrom::Start(state.end))?;
            Ok(file)
        };
        let file = open().map_err(|error| LogError::new(path, Trouble::Write(error)))?;
        // What a compaction has left that was cut off itself.
        let _ = std::fs::remove_file(compact::path_beside(path));
        Ok(Self::new(path, file, state))
    }

    fn new(path: &Path, file: File, state: &State) -> Self {
        Self {
            path: path.to_owned(),
            file: Arc::new(file),
            length: state.end,
            commit: Commit::new(),
            before: state.numbers.values().collect(),
            numbers: state.numbers.clone(),
            next_id: state.next_id(),
            done: state.done(),
            compact_above: COMPACT_ABOVE,
            compacted: 0,
            compaction: None,
        }
    }

    /// Tells that the visit of a URL is done.
    pub(in crate::crawl) fn done(&mut self, id: u64) {
        self.commit.done(id);
        self.done += 1;
    }

    /// Tells of URLs that were found.
    pub(in crate::crawl) fn found(&mut self, found: &Found) {
        self.commit.found(found);
        self.next_id = self.next_id.max(found.next_id());
    }

    /// Commits what was appended, with the numbers that `numbers` sets. After an error the log is not to be used.
    pub(in crate::crawl) fn commit(
        &mut self,
        numbers: impl FnOnce(&mut Numbers),
    ) -> Result<(), LogError> {
        self.numbers.begin();
        self.numbers.set("log", "next", self.next_id);
        self.numbers.set("log", "done", self.done);
        numbers(&mut self.numbers);
        if self.numbers.end() {
            self.commit.names(self.numbers.names());
            self.before.clear();
        }
        self.before.resize(self.numbers.len(), 0);
        let ways = std::iter::zip(self.before.iter().copied(), self.numbers.values());
        self.commit.numbers(ways);
        self.before.clear();
        self.before.extend(self.numbers.values());
        let bytes = self.commit.finish();
        let written = (&*self.file).write_all(bytes);
        self.length += bytes.len() as u64;
        self.commit.clear();
        written.map_err(|error| self.failed(error))
    }

    /// What brings all that is committed to the disk.
    pub(in crate::crawl) fn to_sync(&self) -> impl FnOnce() -> Result<(), LogError> + Send + use<> {
        let (file, path) = (self.file.clone(), self.path.clone());
        move || {
            let synced = file.sync_data();
            synced.map_err(|error| LogError::new(&path, Trouble::Write(error)))
        }
    }

    /// How long it is with all that is committed.
    pub(in crate::crawl) fn length(&self) -> u64 {
        self.length
    }

    /// Begins a compaction if it is worth it, and puts one that has ended in place.
    ///
    /// The first `synced` bytes of the log have to be on the disk, and with them all that its numbers tell of.
    pub(in crate::crawl) fn compact(&mut self, synced: u64) -> Result<(), LogError> {
        if let Some(compaction) = self.compaction.take_if(|running| running.is_ended()) {
            let put = compaction.put_in_place(&self.path, self.length);
            if let Some((file, length)) = put.map_err(|error| self.failed(error))? {
                self.file = Arc::new(file);
                self.length = length;
            }
            self.compacted = self.length;
            // What was on the disk is no longer where it was.
            return Ok(());
        }
        let is_mostly_done = self.done > self.next_id / 2;
        let has_grown = self.length > self.compact_above.max(self.compacted.saturating_mul(2));
        if self.compaction.is_none() && is_mostly_done && has_grown {
            self.compaction = Some(Compaction::start(&self.path, synced));
        }
        Ok(())
    }

    fn failed(&self, error: io::Error) -> LogError {
        LogError::new(&self.path, Trouble::Write(error))
    }
}
