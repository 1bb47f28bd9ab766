//! Reads a log: what it comes to, and what is still to be done.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use super::super::bytes::stepped;
use super::super::fingerprint::{Fingerprint, Key};
use super::super::trail::Trail;
use super::error::{LogError, Trouble};
use super::format::{self, BadHead, FRAME, HEAD, Record, Records};
use super::numbers::Numbers;

/// What a log comes to.
#[derive(Debug)]
pub(in crate::crawl) struct State {
    /// What the fingerprints of its URLs are made with.
    pub(in crate::crawl) key: Key,
    pub(in crate::crawl) numbers: Numbers,
    /// Where the last whole commit ends.
    pub(in crate::crawl) end: u64,
    done: Ids,
}

/// A URL of a log.
#[derive(Debug)]
pub(in crate::crawl) struct LoggedUrl<'a> {
    pub(in crate::crawl) known_by: Fingerprint,
    /// It was not visited, or its visit is not done.
    pub(in crate::crawl) waiting: Option<Waiting<'a>>,
}

/// A URL that is to be visited.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::crawl) struct Waiting<'a> {
    pub(in crate::crawl) id: u64,
    pub(in crate::crawl) url: &'a str,
    pub(in crate::crawl) trail: &'a Trail,
}

impl State {
    /// What a log with nothing but a head comes to.
    pub(in crate::crawl) fn empty(key: Key) -> Self {
        Self {
            key,
            numbers: Numbers::default(),
            end: HEAD as u64,
            done: Ids::default(),
        }
    }

    /// The id that the next URL has.
    pub(in crate::crawl) fn next_id(&self) -> u64 {
        self.numbers.get("log", "next")
    }

    /// Counts the visits that are done.
    pub(in crate::crawl) fn done(&self) -> u64 {
        self.numbers.get("log", "done")
    }

    /// Reads a log up to the last commit before `end` that is whole, and whose numbers `holds` agrees to.
    ///
    /// None if there is not even a whole head: the log was being created.
    pub(super) fn read(
        path: &Path,
        end: u64,
        holds: impl Fn(&Numbers) -> bool,
    ) -> Result<Option<Self>, LogError> {
        let failed = |trouble| LogError::new(path, trouble);
        let Some((key, mut commits)) = Commits::open(path, end)? else {
            return Ok(None);
        };
        let mut state = Self::empty(key);
        // A compaction tells its numbers last, and was on the disk as a whole before it counted.
        let mut is_told = true;
        while let Some(records) = commits
            .next()
            .map_err(|error| failed(Trouble::Read(error)))?
        {
            let damaged = || failed(Trouble::Damaged(state.end));
            match numbers_after(&state.numbers, records).ok_or_else(damaged)? {
                (numbers, true) if holds(&numbers) => {
                    state.numbers = numbers;
                    is_told = true;
                }
                (_, true) => break,
                (_, false) => is_told = false,
            }
            for record in Records::new(records, state.numbers.len()) {
                if let Some(Record::Done(id)) = record {
                    if id >= state.next_id() {
                        return Err(failed(Trouble::Damaged(state.end)));
                    }
                    state.done.insert(id);
                }
            }
            if is_told {
                state.end = commits.at;
            }
        }
        if is_told {
            Ok(Some(state))
        } else {
            Err(failed(Trouble::Damaged(state.end)))
        }
    }

    /// Tells whether the visit of a URL is done.
    pub(super) fn is_done(&self, id: u64) -> bool {
        self.done.contains(id)
    }

    /// Hands each URL of the log to `take`, the done and the waiting.
    pub(in crate::crawl) fn urls(
        &self,
        path: &Path,
        mut take: impl FnMut(LoggedUrl<'_>),
    ) -> Result<(), LogError> {
        self.records(path, |record| match record {
            Record::Known(urls) => {
                for known_by in urls {
                    take(LoggedUrl {
                        known_by,
                        waiting: None,
                    });
                }
            }
            Record::Found(mut urls) => {
                let trail = urls.trail.clone();
                while let Some(found) = urls.next() {
                    let waiting = Waiting {
                        id: found.id,
                        url: found.url,
                        trail: &trail,
                    };
                    let known_by = found.known_by;
                    take(LoggedUrl {
                        known_by: known_by.unwrap_or_else(|| self.key.fingerprint(found.url)),
                        waiting: (!self.is_done(found.id)).then_some(waiting),
                    });
                }
            }
            Record::Names(_) | Record::Numbers(_) | Record::Done(_) => {}
        })
    }

    /// Hands each record of the log to `take`.
    pub(super) fn records(
        &self,
        path: &Path,
        mut take: impl FnMut(Record<'_>),
    ) -> Result<(), LogError> {
        let failed = |trouble| LogError::new(path, trouble);
        let mut names = 0;
        let Some((_, mut commits)) = Commits::open(path, self.end)? else {
            return Ok(());
        };
        while let Some(records) = commits
            .next()
            .map_err(|error| failed(Trouble::Read(error)))?
        {
            for record in Records::new(records, names) {
                let record = record.ok_or_else(|| failed(Trouble::Damaged(self.end)))?;
                if let Record::Names(list) = &record {
                    names = list.len();
                }
                take(record);
            }
        }
        Ok(())
    }
}

/// The numbers after a commit, and whether it tells them; none if it cannot be read.
fn numbers_after(before: &Numbers, records: &[u8]) -> Option<(Numbers, bool)> {
    let (mut numbers, mut is_told) = (before.clone(), false);
    for record in Records::new(records, before.len()) {
        match record? {
            Record::Names(names) => {
                numbers.clear();
                for name in names {
                    numbers.push(name);
                }
            }
            Record::Numbers(steps) => {
                is_told = true;
                for (value, step) in numbers.values_mut().zip(steps) {
                    *value = stepped(*value, step);
                }
            }
            Record::Done(_) | Record::Found(_) | Record::Known(_) => {}
        }
    }
    Some((numbers, is_told))
}

/// The commits of a log, one after the other.
#[derive(Debug)]
struct Commits {
    reader: BufReader<File>,
    /// Where the next commit begins.
    at: u64,
    /// Where there are no more.
    end: u64,
    records: Vec<u8>,
}

impl Commits {
    /// Opens a log, of which no more than `end` bytes are read; none if there is not even a whole head.
    fn open(path: &Path, end: u64) -> Result<Option<(Key, Self)>, LogError> {
        let failed = |trouble| LogError::new(path, trouble);
        let read = |error| failed(Trouble::Read(error));
        let file = File::open(path).map_err(read)?;
        let end = file.metadata().map_err(read)?.len().min(end);
        if end < HEAD as u64 {
            return Ok(None);
        }
        let mut reader = BufReader::with_capacity(1 << 18, file);
        let mut head = [0; HEAD];
        reader.read_exact(&mut head).map_err(read)?;
        let key = format::read_head(head).map_err(|bad| {
            failed(match bad {
                BadHead::Strange => Trouble::Strange,
                BadHead::Version(version) => Trouble::Version(version),
            })
        })?;
        let commits = Self {
            reader,
            at: HEAD as u64,
            end,
            records: Vec::new(),
        };
        Ok(Some((key, commits)))
    }

    /// The records of the next commit; none if what stands there is not a whole one.
    fn next(&mut self) -> io::Result<Option<&[u8]>> {
        let frame_end = self.at + FRAME as u64;
        if frame_end > self.end {
            return Ok(None);
        }
        let mut frame = [0; FRAME];
        self.reader.read_exact(&mut frame)?;
        let length = format::announced(&frame);
        let fits = length <= self.end - frame_end;
        let (true, Ok(size)) = (fits, usize::try_from(length)) else {
            return Ok(None);
        };
        self.records.resize(size, 0);
        self.reader.read_exact(&mut self.records)?;
        if !format::is_whole(&frame, &self.records) {
            return Ok(None);
        }
        self.at = frame_end + length;
        Ok(Some(&self.records))
    }
}

/// A set of ids, a bit each.
#[derive(Debug, Default)]
struct Ids(Vec<u64>);

impl Ids {
    fn insert(&mut self, id: u64) {
        let (word, bit) = Self::place(id);
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << bit;
    }

    fn contains(&self, id: u64) -> bool {
        let (word, bit) = Self::place(id);
        self.0.get(word).is_some_and(|bits| bits & (1 << bit) != 0)
    }

    fn place(id: u64) -> (usize, u64) {
        (usize::try_from(id / 64).unwrap_or(usize::MAX), id % 64)
    }
}
