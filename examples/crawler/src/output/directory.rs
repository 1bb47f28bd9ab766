//! Where the files of a crawl are opened.

use std::path::Path;

use super::append_file::AppendFile;
use super::error::{Attempt, OutputError};
use super::positions::Positions;

/// The directory of a crawl that begins or, if there are positions, goes on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Directory<'a> {
    pub(super) path: &'a Path,
    pub(super) positions: Option<&'a Positions>,
}

impl Directory<'_> {
    /// Makes this directory if it is not there.
    pub(super) async fn make(&self) -> Result<(), OutputError> {
        make(self.path).await
    }

    /// Makes the directory called `name` in this one, if it is not there.
    pub(super) async fn make_within(&self, name: &str) -> Result<(), OutputError> {
        make(&self.path.join(name)).await
    }

    /// Opens the file called `name`: cut to its position, or empty if it has none.
    pub(super) async fn file(&self, name: &str) -> Result<AppendFile, OutputError> {
        let path = self.path.join(name);
        match self.positions.and_then(|positions| positions.get(name)) {
            Some(position) => AppendFile::open(&path, position).await,
            None => AppendFile::create(&path).await,
        }
    }
}

async fn make(path: &Path) -> Result<(), OutputError> {
    tokio::fs::create_dir_all(path)
        .await
        .map_err(|source| OutputError::new(Attempt::CreateDirectory, path, source))
}
