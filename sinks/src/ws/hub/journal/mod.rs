//! The file in which a hub keeps its history, so that it outlives the process.
//!
//! Events are appended before any client gets them, a batch with one write. That is to the memory of the system, which a
//! process that is killed leaves behind. When the file has grown to twice what is remembered, it is written anew beside
//! itself and takes its own place.

mod format;
#[cfg(test)]
mod tests;

use std::{
    ffi::OsString,
    fs::{self, File, TryLockError},
    io::{self, BufWriter, ErrorKind, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    error::JournalError,
    event::Event,
    log::{Log, Snapshot},
    options::Options,
};

use self::format::{Entry, MAGIC, put, put_event, take};

/// A file of this size is not too large, however little it remembers.
const SMALL: u64 = 1024 * 1024;

pub(super) struct Journal {
    path: PathBuf,
    epoch: Arc<str>,
    file: File,
    /// Bytes of the file that are good; what comes after them is what a write that failed left.
    size: u64,
    is_torn: bool,
    /// The size from which on the file is written anew.
    limit: u64,
    /// A batch on its way to the file.
    buffer: Vec<u8>,
    /// Locked while this hub has the file.
    lock: File,
    is_finished: bool,
}

impl Journal {
    /// Opens the file, or makes it, and reads it into the log; sets the epoch to that of the file.
    ///
    /// The epoch is a new one if ids of the old one could come again: if the end of the file may be lost.
    pub(super) fn open(
        path: &Path,
        options: &mut Options,
        log: &mut Log,
    ) -> Result<Self, JournalError> {
        let lock = lock(path)?;
        let reading = |cause| JournalError::Read {
            path: path.to_owned(),
            cause,
        };
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(reading(error)),
        };
        match restore(&bytes, &boot(), options, log) {
            Restored::Nothing => {}
            Restored::All(epoch) => options.epoch = epoch,
            Restored::Some => options.epoch = super::options::random_epoch(),
            Restored::Strange => {
                return Err(JournalError::Strange {
                    path: path.to_owned(),
                });
            }
        }
        drop(bytes);
        let (file, size) = create(path, &options.epoch, &log.snapshot(), Durability::Disk)
            .map_err(|cause| JournalError::Write {
                path: path.to_owned(),
                cause,
            })?;
        Ok(Self {
            path: path.to_owned(),
            epoch: options.epoch.clone(),
            file,
            size,
            is_torn: false,
            limit: limit(size),
            buffer: Vec::new(),
            lock,
            is_finished: false,
        })
    }

    fn writing(&self) -> impl Fn(io::Error) -> JournalError + use<> {
        let path = self.path.clone();
        move |cause| JournalError::Write {
            path: path.clone(),
            cause,
        }
    }

    /// Appends events, the first of which has this offset: all of them, or none.
    pub(super) fn append(&mut self, first: u64, events: &[Event]) -> Result<(), JournalError> {
        self.buffer.clear();
        for (offset, event) in (first..).zip(events) {
            put_event(offset, event, &mut self.buffer);
        }
        self.write().map_err(self.writing())
    }

    fn write(&mut self) -> io::Result<()> {
        if self.is_torn {
            self.file.set_len(self.size)?;
            self.file.seek(SeekFrom::Start(self.size))?;
        }
        self.is_torn = true;
        self.file.write_all(&self.buffer)?;
        self.is_torn = false;
        self.size += self.buffer.len() as u64;
        Ok(())
    }

    /// Whether most of the file is of no use any more.
    pub(super) fn is_large(&self) -> bool {
        self.size > self.limit
    }

    /// Writes the file anew.
    pub(super) fn rewrite(&mut self, snapshot: &Snapshot) -> Result<(), JournalError> {
        let created = create(&self.path, &self.epoch, snapshot, Durability::System);
        (self.file, self.size) = created.map_err(self.writing())?;
        self.is_torn = false;
        self.limit = limit(self.size);
        Ok(())
    }

    /// Brings the file to the disk, and lets others have it.
    pub(super) fn finish(&mut self) -> Result<(), JournalError> {
        if self.is_finished {
            return Ok(());
        }
        self.buffer.clear();
        put(&Entry::End, &mut self.buffer);
        self.write()
            .and_then(|()| self.file.sync_all())
            .and_then(|()| self.lock.unlock())
            .map_err(self.writing())?;
        self.is_finished = true;
        Ok(())
    }
}

fn limit(size: u64) -> u64 {
    size.saturating_mul(2).saturating_add(SMALL)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    name.into()
}

/// Locks the file for this hub: by another one, for it is replaced now and then.
fn lock(path: &Path) -> Result<File, JournalError> {
    let path = path.to_owned();
    let opened = File::options()
        .create(true)
        .append(true)
        .open(beside(&path, ".lock"));
    let file = match opened {
        Ok(file) => file,
        Err(cause) => return Err(JournalError::Write { path, cause }),
    };
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(JournalError::Busy { path }),
        Err(TryLockError::Error(cause)) => Err(JournalError::Write { path, cause }),
    }
}

/// Where a new file has to be before it takes the place of the old one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Durability {
    /// In the system: it survives the process.
    System,
    /// On the disk, for an old file that was closed must not come back.
    Disk,
}

/// Makes a file of all that is remembered, in place of the one that may be there; gives its size.
fn create(
    path: &Path,
    epoch: &Arc<str>,
    snapshot: &Snapshot,
    until: Durability,
) -> io::Result<(File, u64)> {
    let new = beside(path, ".new");
    let mut file = BufWriter::new(File::create(&new)?);
    let mut buffer = MAGIC.to_vec();
    let start = Entry::Start {
        epoch: epoch.clone(),
        boot: boot(),
        head: snapshot.head,
        forgotten: snapshot.forgotten,
    };
    put(&start, &mut buffer);
    for topic in &snapshot.topics {
        put(&Entry::Topic(topic.clone()), &mut buffer);
        file.write_all(&buffer)?;
        buffer.clear();
    }
    for record in &snapshot.records {
        put_event(record.offset, &record.event, &mut buffer);
        file.write_all(&buffer)?;
        buffer.clear();
    }
    put(&Entry::Live, &mut buffer);
    file.write_all(&buffer)?;
    let mut file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    if until == Durability::Disk {
        file.sync_all()?;
    }
    fs::rename(&new, path)?;
    #[cfg(unix)]
    if until == Durability::Disk {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    let size = file.stream_position()?;
    Ok((file, size))
}

/// Names this run of the system; nothing where it has no name.
fn boot() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/random/boot_id");
    name.map(|name| name.trim().to_owned()).unwrap_or_default()
}

/// What a file had in it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Restored {
    /// Nothing: it is new.
    Nothing,
    /// All events of this epoch.
    All(Arc<str>),
    /// Events, but later ones may have been lost.
    Some,
    /// It is no journal.
    Strange,
}

fn restore(bytes: &[u8], boot: &str, options: &Options, log: &mut Log) -> Restored {
    if bytes.is_empty() {
        return Restored::Nothing;
    }
    let begun = &bytes[..bytes.len().min(MAGIC.len())];
    let Some(mut bytes) = bytes.strip_prefix(&MAGIC) else {
        // Zeros are what a power cut leaves of a file that was not on the disk yet.
        let is_lost = MAGIC.starts_with(begun) || begun.iter().all(|byte| *byte == 0);
        return if is_lost {
            Restored::Some
        } else {
            Restored::Strange
        };
    };
    let Ok(Some(Entry::Start {
        epoch,
        boot: made_in,
        head,
        forgotten,
    })) = take(&mut bytes)
    else {
        return Restored::Some;
    };
    log.recall(head, forgotten);
    // What a process wrote is there while the system runs, and until the next one if it was closed.
    let is_same_run = !boot.is_empty() && made_in == boot;
    let mut is_live = false;
    loop {
        match take(&mut bytes) {
            Ok(Some(Entry::End)) if is_live => return Restored::All(epoch),
            Ok(Some(Entry::Live)) if !is_live => is_live = true,
            Ok(Some(entry)) => {
                if !recall(entry, is_live, options, log) {
                    return Restored::Some;
                }
            }
            Ok(None) if is_live && is_same_run => return Restored::All(epoch),
            Ok(None) | Err(_) => return Restored::Some,
        }
    }
}

/// `false` if this entry has no place here.
fn recall(entry: Entry, is_live: bool, options: &Options, log: &mut Log) -> bool {
    match entry {
        Entry::Topic(topic) if !is_live => {
            let bounds = options.topic(&topic.name).history;
            log.recall_topic(topic, bounds);
            true
        }
        Entry::Event { offset, event } if is_live == (offset > log.head()) => {
            log.recall_event(offset, event, |topic| options.topic(topic).history)
        }
        _ => false,
    }
}
