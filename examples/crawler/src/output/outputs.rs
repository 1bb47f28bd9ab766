//! All files of a crawl.

use std::path::{Path, PathBuf};

use super::append_file::AppendFile;
use super::error::{Attempt, OutputError};
use super::positions::Positions;
use crate::args::Args;
use crate::crawl::CrawlEvent;

/// One JSON object a page.
const PAGES: &str = "pages.jsonl";

/// The files of a crawl, in one directory.
///
/// What is written is gathered in memory, at most 64 KiB and one batch for each file. After a
/// [`flush`](Self::flush) all of it is in the files, up to the [`positions`](Self::positions) of that moment: a crawl
/// that keeps those is able to [`resume`](Self::resume) there, whatever was written later and however it broke off.
#[derive(Debug)]
pub struct Outputs {
    directory: PathBuf,
    pages: AppendFile,
}

impl Outputs {
    /// Makes `directory` if needed, and the files in it that `args` ask for, in place of earlier ones.
    ///
    /// # Errors
    ///
    /// [`OutputError`] if one of them cannot be made.
    pub async fn create(directory: &Path, _args: &Args) -> Result<Self, OutputError> {
        tokio::fs::create_dir_all(directory)
            .await
            .map_err(|source| OutputError::new(Attempt::CreateDirectory, directory, source))?;
        Ok(Self {
            directory: directory.to_owned(),
            pages: AppendFile::create(&directory.join(PAGES)).await?,
        })
    }

    /// Goes on with the files in `directory`, cut to `positions`. A file that has none begins anew.
    ///
    /// # Errors
    ///
    /// [`OutputError`] if a file is missing, shorter than its position, or cannot be written.
    pub async fn resume(
        directory: &Path,
        _args: &Args,
        positions: &Positions,
    ) -> Result<Self, OutputError> {
        let path = directory.join(PAGES);
        let pages = match positions.get(PAGES) {
            Some(position) => AppendFile::open(&path, position).await?,
            None => AppendFile::create(&path).await?,
        };
        Ok(Self {
            directory: directory.to_owned(),
            pages,
        })
    }

    /// The directory of the files.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Takes what happened, and writes it out where enough has come together.
    ///
    /// # Errors
    ///
    /// [`OutputError`] if it cannot be written.
    ///
    /// # Cancel safety
    ///
    /// All of `events` is taken at the first poll, and no later call writes it twice.
    pub async fn write(&mut self, events: &[CrawlEvent]) -> Result<(), OutputError> {
        for event in events {
            if let CrawlEvent::Page { record, .. } = event {
                self.pages.append_json(record)?;
            }
        }
        self.pages.write_if_full().await
    }

    /// How long each file is with all that was taken. After a [`flush`](Self::flush) the files are that long.
    #[must_use]
    pub fn positions(&self) -> Positions {
        let mut positions = Positions::default();
        positions.set(PAGES, self.pages.position());
        positions
    }

    /// Hands everything to the system, so that others can read it and it survives the death of the process.
    ///
    /// # Errors
    ///
    /// [`OutputError`] if it cannot be written.
    pub async fn flush(&mut self) -> Result<(), OutputError> {
        self.pages.write_out().await
    }

    /// Writes everything and waits until it is on the disk.
    ///
    /// # Errors
    ///
    /// [`OutputError`] if it cannot be written.
    pub async fn sync(&mut self) -> Result<(), OutputError> {
        self.pages.sync().await
    }

    /// Ends the files: everything is on the disk.
    ///
    /// # Errors
    ///
    /// [`OutputError`] if it cannot be written.
    pub async fn close(&mut self) -> Result<(), OutputError> {
        self.sync().await
    }
}
