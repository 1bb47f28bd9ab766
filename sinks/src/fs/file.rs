//! `file`: a file, of items in any encoding.

use std::path::Path;

use thalweg_core::Sink;

use super::{rotation::Rotation, target::Target};
use crate::{
    encoding::Encode,
    output::{Output, sink_is_output},
};

/// Writes every item into a file by an encoding; the file is made new, or emptied if it is there.
///
/// [`lines`](crate::lines), [`json_lines`](crate::json_lines) and the other sinks of files are this one with their
/// encodings, and have its options: to [append](FileSink::append), to [rotate](FileSink::rotate), to show
/// [all or nothing](FileSink::atomic), and [when to wait for the disk](FileSink::fsync).
///
/// A batch is encoded into one buffer, and is one write in a thread for such work. An item stands
/// in the file whole or not at all: what a write that failed has left, as when the disk is full, is cut off again.
/// Nobody else should write into the file meanwhile.
///
/// # Backpressure
///
/// A disk that is slow holds back the flow. Holds one encoded batch, of whose buffer 1 MiB is kept.
///
/// # Durability
///
/// What a write has taken is in the hands of the system: it survives a crash of the program. By default the close waits
/// until it is on the disk, so that a run that came to a good end has lost nothing; see [`Fsync`] for what survives a crash
/// of the machine before. A process that is killed in the middle of a write can leave a cut line; it is ended when lines
/// are appended.
///
/// # Errors
///
/// [`WriteError`](crate::WriteError) if the file cannot be opened or written, or if an item has no form in the encoding; the items before it
/// are written then. It names the file.
///
/// # Cancel safety
///
/// A write that is cancelled goes on to its end and is then taken back: its items are still in the batch.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sinks::{Rotation, encoding::Raw, file}};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("frames.bin");
/// let frames = [b"ab", b"cd", b"ef"].flow();
/// frames.run_into(file(&path, Raw).rotate(Rotation::bytes(4))).await?;
/// assert_eq!(std::fs::read(folder.path().join("frames.bin.1"))?, b"abcd");
/// assert_eq!(std::fs::read(&path)?, b"ef");
/// # Ok(()) }
/// ```
#[doc(alias = "bytes")]
pub fn file<F>(path: impl AsRef<Path>, encoding: F) -> FileSink<F> {
    FileSink {
        output: Output::new(Target::new(path.as_ref()), encoding),
    }
}

/// The sink of [`file()`], [`lines`](crate::lines), [`json_lines`](crate::json_lines) and others: a file, and its options.
#[derive(Debug)]
#[must_use = "sinks do nothing unless a flow runs into them"]
pub struct FileSink<F> {
    output: Output<Target, F>,
}

/// When a file sink waits until what it wrote is on the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fsync {
    /// Never: the system does it when it likes, which is mostly within half a minute.
    Never,
    /// At the close, and before a file is put aside.
    #[default]
    AtClose,
    /// At every flush as well, which is whenever the flow has nothing ready.
    AtFlush,
    /// Before a batch counts as written.
    EachBatch,
}

impl<F> FileSink<F> {
    /// Keeps what is in the file and writes after it.
    pub fn append(mut self) -> Self {
        self.output.destination().options.append = true;
        self
    }

    /// Sets when to wait until what was written is on the disk; by default at the close.
    ///
    /// A sync that failed leaves unknown what is on the disk. With [`Fsync::EachBatch`] the batch is taken back and
    /// not counted as written; else every further write fails.
    pub fn fsync(mut self, when: Fsync) -> Self {
        self.output.destination().options.fsync = when;
        self
    }

    /// Puts the file aside when it is full and begins a new one; a [`Rotation`] tells when, and the names.
    ///
    /// What is in the file already is kept, as by [`append`](Self::append).
    ///
    /// # Panics
    ///
    /// Panics if the file is [atomic](Self::atomic): what is shown at the end cannot be put aside before.
    #[track_caller]
    pub fn rotate(mut self, rotation: Rotation) -> Self {
        let target = self.output.destination();
        assert!(!target.options.atomic, "an atomic file cannot be rotated");
        target.options.rotates = true;
        target.rotation = Some(rotation);
        self
    }

    /// Shows all or nothing: writes into a file beside it, which takes its place at the close, on the disk.
    ///
    /// If the flow or the sink fails, or the run is aborted, the file beside it is removed, and what was at the path is
    /// still there. A process that is killed leaves it, under the name `.NAME.PROCESS-NUMBER.part`. The permissions of
    /// what was at the path are kept, and with [`append`](Self::append) its content is copied first.
    ///
    /// # Panics
    ///
    /// Panics if the file is to be [rotated](Self::rotate).
    #[track_caller]
    #[doc(alias = "rename")]
    pub fn atomic(mut self) -> Self {
        let target = self.output.destination();
        assert!(!target.options.rotates, "an atomic file cannot be rotated");
        target.options.atomic = true;
        self
    }
}

impl<T, F> Sink<T> for FileSink<F>
where
    T: Send,
    F: Encode<T> + Send + Sync,
{
    sink_is_output!(T);
}
