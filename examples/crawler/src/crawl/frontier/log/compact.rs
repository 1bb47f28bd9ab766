//! Rewrites a log without what is done, beside it, while it goes on.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use super::format::{self, Commit, Found, Record};
use super::read::State;
use crate::crawl::frontier::fingerprint::Fingerprint;

/// About how long the commits are that are written, in bytes.
const COMMIT: usize = 256 * 1024;

/// A compaction of what was committed before it was started.
#[derive(Debug)]
pub(super) struct Compaction {
    /// How much of the log it rewrites.
    end: u64,
    thread: JoinHandle<io::Result<File>>,
}

/// Where a log is rewritten.
pub(super) fn path_beside(path: &Path) -> PathBuf {
    path.with_extension("log.new")
}

impl Compaction {
    /// Starts to rewrite the commits of the log up to `end`.
    pub(super) fn start(path: &Path, end: u64) -> Self {
        let path = path.to_owned();
        let thread = std::thread::spawn(move || rewrite(&path, end));
        Self { end, thread }
    }

    pub(super) fn is_ended(&self) -> bool {
        self.thread.is_finished()
    }

    /// Adds the commits since, up to `length`, and puts the new log in the place of the old one.
    ///
    /// Gives it with its length; none if it could not be written, which does no harm to the old one.
    pub(super) fn put_in_place(self, path: &Path, length: u64) -> io::Result<Option<(File, u64)>> {
        let Ok(Ok(mut new)) = self.thread.join() else {
            let _ = std::fs::remove_file(path_beside(path));
            return Ok(None);
        };
        let mut old = File::open(path)?;
        old.seek(SeekFrom::Start(self.end))?;
        io::copy(&mut old.take(length - self.end), &mut new)?;
        new.sync_all()?;
        std::fs::rename(path_beside(path), path)?;
        sync_directory(path)?;
        let length = new.stream_position()?;
        Ok(Some((new, length)))
    }
}

/// Makes sure that the name of a file is on the disk.
fn sync_directory(path: &Path) -> io::Result<()> {
    // Other systems do not open directories, and keep names by themselves.
    if cfg!(unix) {
        let directory = path.parent().filter(|parent| *parent != Path::new(""));
        File::open(directory.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

fn rewrite(path: &Path, end: u64) -> io::Result<File> {
    let state = State::read(path, end, |_| true).map_err(io::Error::other)?;
    let state = state.ok_or(io::ErrorKind::UnexpectedEof)?;
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(true);
    let mut writer = Writer {
        file: BufWriter::new(options.open(path_beside(path))?),
        commit: Commit::new(),
        known: Vec::new(),
        trouble: None,
    };
    writer.file.write_all(&format::head(state.key))?;
    let read = state.records(path, |record| writer.add(&state, record));
    read.map_err(io::Error::other)?;
    writer.end(&state)
}

struct Writer {
    file: BufWriter<File>,
    commit: Commit,
    /// URLs that are done.
    known: Vec<Fingerprint>,
    trouble: Option<io::Error>,
}

impl Writer {
    fn add(&mut self, state: &State, record: Record<'_>) {
        match record {
            Record::Known(urls) => self.known.extend(urls),
            Record::Found(mut urls) => {
                let mut waiting = None;
                let trail = urls.trail.clone();
                while let Some(found) = urls.next() {
                    if state.is_done(found.id) {
                        let known_by = found.known_by;
                        self.known
                            .push(known_by.unwrap_or_else(|| state.key.fingerprint(found.url)));
                    } else {
                        waiting.get_or_insert_with(|| Found::new(&trail)).push(
                            found.id,
                            found.url,
                            found.known_by,
                        );
                    }
                }
                if let Some(waiting) = waiting {
                    self.commit.found(&waiting);
                }
            }
            Record::Names(_) | Record::Numbers(_) | Record::Done(_) => {}
        }
        if self.known.len() * Fingerprint::LENGTH + self.commit.len() > COMMIT
            && let Err(error) = self.write()
        {
            self.trouble.get_or_insert(error);
        }
    }

    fn write(&mut self) -> io::Result<()> {
        if !self.known.is_empty() {
            self.commit.known(&self.known);
            self.known.clear();
        }
        self.file.write_all(self.commit.finish())?;
        self.commit.clear();
        Ok(())
    }

    /// Tells the numbers, and waits until all is on the disk.
    fn end(mut self, state: &State) -> io::Result<File> {
        self.commit.names(state.numbers.names());
        let ways = state.numbers.values().map(|value| (0, value));
        self.commit.numbers(ways);
        self.write()?;
        if let Some(error) = self.trouble {
            return Err(error);
        }
        let file = self
            .file
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        Ok(file)
    }
}
