//! The file itself. All of this blocks.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use super::{
    aside::{folder, newest, numbered, sync_folder},
    file::Fsync,
};

/// How a file is opened and kept.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Options {
    pub(super) append: bool,
    pub(super) atomic: bool,
    pub(super) rotates: bool,
    pub(super) fsync: Fsync,
}

/// A file that is written to, by whole writes only.
pub(super) struct Disk {
    path: PathBuf,
    options: Options,
    open: Option<Open>,
}

struct Open {
    file: File,
    /// Where it goes to: `path`, with links followed.
    target: PathBuf,
    /// Where it is until it is complete.
    temporary: Option<Temporary>,
    /// Devices and pipes can neither be cut nor renamed nor synced.
    regular: bool,
    length: u64,
    /// The length before the last write, if that is not known to be a success: what is behind it is to be taken back.
    unconfirmed: Option<u64>,
    /// A sync has failed: nobody knows what is on the disk.
    lost: bool,
    /// The highest number that a file was put aside under.
    newest: u64,
}

/// A file that is removed unless it was given its final name.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        // After a rename there is nothing to remove; else nothing is better than a half.
        let _ = fs::remove_file(&self.0);
    }
}

impl Disk {
    pub(super) fn new(path: PathBuf, options: Options) -> Self {
        Self {
            path,
            options,
            open: None,
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Gives the length in bytes of what is open.
    pub(super) fn length(&self) -> u64 {
        self.open.as_ref().map_or(0, |open| open.length)
    }

    /// Opens the file if it is not open, ending a line that was cut if `lines` are to follow.
    pub(super) fn open(&mut self, lines: bool) -> io::Result<()> {
        if self.open.is_none() {
            self.open = Some(Open::new(&self.path, self.options, lines)?);
        }
        Ok(())
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let fsync = self.options.fsync;
        let open = self.settled()?;
        open.unconfirmed = Some(open.length);
        let mut written = open.file.write_all(bytes);
        if fsync == Fsync::EachBatch {
            written = written.and_then(|()| open.sync());
        }
        if written.is_err() {
            // Nobody may come again; if it fails it is tried again before the next write.
            let _ = open.take_back();
            return written;
        }
        open.length += bytes.len() as u64;
        Ok(())
    }

    /// Tells that the last write is known to be a success.
    pub(super) fn confirm(&mut self) {
        if let Some(open) = &mut self.open {
            open.unconfirmed = None;
        }
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        if self.options.fsync != Fsync::AtFlush || self.open.is_none() {
            return Ok(());
        }
        let open = self.settled()?;
        let synced = open.sync();
        open.lost = synced.is_err();
        synced
    }

    /// Puts the file aside and begins a new one.
    pub(super) fn rotate(&mut self) -> io::Result<()> {
        let Options { fsync, .. } = self.options;
        let open = self.settled()?;
        if fsync != Fsync::Never {
            open.sync()?;
        }
        let number = open.newest + 1;
        let aside = numbered(&open.target, number);
        // A rename would replace it.
        if aside.try_exists()? {
            let taken = format!("{} is there already", aside.display());
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, taken));
        }
        fs::rename(&open.target, aside)?;
        self.open = None;
        self.open(false)
    }

    /// Ends what is complete.
    pub(super) fn close(&mut self) -> io::Result<()> {
        let Options { fsync, .. } = self.options;
        let open = self.settled()?;
        if fsync != Fsync::Never {
            let synced = open.sync();
            open.lost = synced.is_err();
            synced?;
        }
        if let Some(temporary) = &open.temporary {
            fs::rename(&temporary.0, &open.target)?;
            open.temporary = None;
            if fsync != Fsync::Never {
                sync_folder(&open.target)?;
            }
        }
        self.open = None;
        Ok(())
    }

    /// Leaves nothing of what may not be complete.
    pub(super) fn abandon(&mut self) {
        self.open = None;
    }

    /// Gives the file, where it goes to.
    pub(super) fn target(&self) -> Option<&Path> {
        self.open.as_ref().map(|open| &*open.target)
    }

    /// Gives the file, with nothing in it of a write that failed or was cancelled.
    fn settled(&mut self) -> io::Result<&mut Open> {
        let Some(open) = &mut self.open else {
            return Err(io::ErrorKind::NotConnected.into());
        };
        if open.lost {
            return Err(io::Error::other(
                "a sync has failed before: what was written since the last may be lost",
            ));
        }
        open.take_back()?;
        Ok(open)
    }
}

impl Open {
    fn new(path: &Path, options: Options, lines: bool) -> io::Result<Self> {
        // A link stays a link: its target is what is replaced or put aside.
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let there = fs::metadata(&target).ok();
        let regular = there.as_ref().is_none_or(fs::Metadata::is_file);
        if !regular && (options.atomic || options.rotates) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "only a file can be replaced or rotated, and this is none",
            ));
        }
        let temporary = if options.atomic {
            Some(Temporary::beside(&target, options.append)?)
        } else {
            None
        };
        let opened = temporary.as_ref().map_or(&target, |part| &part.0);
        // What is rotated is never emptied: it is put aside when it is full.
        let append = options.append || options.rotates;
        let mut file = OpenOptions::new()
            .read(append && regular && lines)
            .append(append)
            .write(true)
            .create(true)
            .truncate(!append)
            .open(opened)?;
        let mut length = 0;
        if regular {
            length = file.metadata()?.len();
            if lines && append && length > 0 {
                length += mend(&mut file)?;
            }
            if options.fsync != Fsync::Never && there.is_none() {
                sync_folder(opened)?;
            }
        }
        let newest = if options.rotates { newest(&target)? } else { 0 };
        Ok(Self {
            file,
            target,
            temporary,
            regular,
            length,
            unconfirmed: None,
            lost: false,
            newest,
        })
    }

    /// Cuts off what a write that failed or was cancelled has left.
    fn take_back(&mut self) -> io::Result<()> {
        let Some(length) = self.unconfirmed else {
            return Ok(());
        };
        if self.regular {
            self.file.set_len(length)?;
            self.file.seek(SeekFrom::Start(length))?;
            self.length = length;
        }
        self.unconfirmed = None;
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        if self.regular {
            self.file.sync_all()?;
        }
        Ok(())
    }
}

impl Temporary {
    /// Creates a file beside the target, with the target's content if that is to be kept, and its permissions.
    fn beside(target: &Path, keep: bool) -> io::Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = target.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        loop {
            let mut hidden = std::ffi::OsString::from(".");
            hidden.push(name);
            let next = NEXT.fetch_add(1, Relaxed);
            hidden.push(format!(".{}-{next}.part", process::id()));
            let path = folder(target).join(hidden);
            // One may be left of a killed process of the same number.
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                created => drop(created?),
            }
            let part = Self(path);
            match fs::metadata(target) {
                Ok(_) if keep => drop(fs::copy(target, &part.0)?),
                Ok(there) => fs::set_permissions(&part.0, there.permissions())?,
                Err(_) => {}
            }
            return Ok(part);
        }
    }
}

/// Ends the last line if a killed process has left it cut, so that the next is a line of its own; gives the bytes added.
fn mend(file: &mut File) -> io::Result<u64> {
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    if last == *b"\n" {
        return Ok(0);
    }
    file.write_all(b"\n")?;
    Ok(1)
}
