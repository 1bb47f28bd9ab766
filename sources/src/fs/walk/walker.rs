//! Walks on another thread.

use std::{io, path::PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::{Entry, WalkError};

/// Entries that one trip to another thread brings.
pub(super) const BATCH: usize = 256;

/// What [`Walk`](super::Walk) can be told.
#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) folder: PathBuf,
    pub(super) max_depth: usize,
    pub(super) skip_hidden: bool,
    pub(super) follow_links: bool,
    pub(super) sorted: bool,
}

/// Walks a batch at a time. All of this blocks.
pub(super) struct Walker {
    entries: Box<dyn Iterator<Item = walkdir::Result<DirEntry>> + Send>,
    root: PathBuf,
    pub(super) batch: Vec<Result<Entry, WalkError>>,
    pub(super) at_end: bool,
}

impl Walker {
    pub(super) fn new(options: &Options) -> Self {
        let mut entries = WalkDir::new(&options.folder)
            .max_depth(options.max_depth)
            .follow_links(options.follow_links);
        if options.sorted {
            entries = entries.sort_by_file_name();
        }
        let entries = entries.into_iter();
        Self {
            entries: if options.skip_hidden {
                Box::new(entries.filter_entry(|entry| entry.depth() == 0 || !is_hidden(entry)))
            } else {
                Box::new(entries)
            },
            root: options.folder.clone(),
            batch: Vec::new(),
            at_end: false,
        }
    }

    pub(super) fn fill(&mut self) {
        self.batch.reserve_exact(BATCH);
        while self.batch.len() < BATCH {
            let Some(entry) = self.entries.next() else {
                self.at_end = true;
                return;
            };
            match entry {
                // The root: it is not a part of itself.
                Ok(entry) if entry.depth() == 0 => {
                    if !entry.path().is_dir() {
                        self.batch.push(Err(WalkError {
                            path: self.root.clone(),
                            cause: io::ErrorKind::NotADirectory.into(),
                        }));
                    }
                }
                Ok(entry) => self.batch.push(Entry::look(entry)),
                Err(error) => self.batch.push(Err(self.failed(error))),
            }
        }
    }

    fn failed(&self, error: walkdir::Error) -> WalkError {
        let path = error.path().unwrap_or(&self.root).to_owned();
        let cause = match error.loop_ancestor() {
            Some(above) => io::Error::other(format!("it leads back to {}", above.display())),
            None => error
                .into_io_error()
                .unwrap_or_else(|| io::ErrorKind::Other.into()),
        };
        WalkError { path, cause }
    }
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.file_name().as_encoded_bytes().starts_with(b".")
}
