//! Which file is read under which path, so that one that several paths lead to is read once.

use std::{
    collections::{HashMap, VecDeque},
    path::Path,
    sync::Arc,
};

use super::position::{FileId, Position};

/// Files that were read to their end under one path and may come again under another, by a rename.
const REMEMBERED: usize = 1024;

/// All files that are read, and the last that were.
#[derive(Default)]
pub(super) struct Readers {
    open: HashMap<FileId, Arc<Path>>,
    finished: VecDeque<Position>,
}

impl Readers {
    /// Tells whether another path has led to the file, and it is read still.
    pub(super) fn has_another(&self, file: FileId, path: &Path) -> bool {
        self.open.get(&file).is_some_and(|reader| **reader != *path)
    }

    pub(super) fn begin(&mut self, file: FileId, path: &Arc<Path>) {
        self.open.insert(file, Arc::clone(path));
    }

    pub(super) fn end(&mut self, file: FileId) {
        self.open.remove(&file);
    }

    /// Notes how far a file was read that is not read any more.
    pub(super) fn remember(&mut self, position: Position) {
        if self.finished.len() == REMEMBERED {
            self.finished.pop_front();
        }
        self.finished.push_back(position);
    }

    /// Tells how far a file was read, under whatever path.
    pub(super) fn finished(&self, file: FileId) -> Option<&Position> {
        let mut latest = self.finished.iter().rev();
        latest.find(|position| position.file == file)
    }
}
