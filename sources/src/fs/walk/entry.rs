//! What a walk comes across.

use std::{
    io,
    path::{Path, PathBuf},
};

use walkdir::DirEntry;

use super::WalkError;

/// Something in a folder; see [`walk`](super::walk()).
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
    pub(super) fn look(entry: DirEntry) -> Result<Self, WalkError> {
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
