//! All files of a crawl.

use std::path::{Path, PathBuf};

use super::append_file::AppendFile;
use super::directory::Directory;
use super::error::OutputError;
use super::pages::Pages;
use super::positions::Positions;
use crate::args::Args;
use crate::crawl::CrawlEvent;

/// The files of a crawl, in one directory.
///
/// What is written is gathered in memory, at most 64 KiB and one batch for each file. After a
/// [`flush`](Self::flush) all of it is in the files, up to the [`positions`](Self::positions) of that moment: a crawl
/// that keeps those is able to [`resume`](Self::resume) there, whatever was written later and however it broke off.
#[derive(Debug)]
pub struct Outputs {
    directory: PathBuf,
    pages: Pages,
}

impl Outputs {
    /// Makes `directory` if needed, and the files in it that `args` ask for, in place of earlier ones.
    ///
    /// # Errors
    ///
    /// [`OutputError`] if one of them cannot be made.
    pub async fn create(directory: &Path, args: &Args) -> Result<Self, OutputError> {
        Self::open(directory, args, None).await
    }

    /// Goes on with the files in `directory`, cut to `positions`. A file that has none begins anew.
    ///
    /// # Errors
    ///
    /// [`OutputError`] if a file is missing, shorter than its position, or cannot be written.
    pub async fn resume(
        directory: &Path,
        args: &Args,
        positions: &Positions,
    ) -> Result<Self, OutputError> {
        Self::open(directory, args, Some(positions)).await
    }

    async fn open(
        path: &Path,
        args: &Args,
        positions: Option<&Positions>,
    ) -> Result<Self, OutputError> {
        let directory = Directory { path, positions };
        directory.make().await?;
        Ok(Self {
            directory: path.to_owned(),
            pages: Pages::open(&directory, args.output.dedupe).await?,
        })
    }

    /// The directory of the files.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Takes what happened, and writes it out where enough has come together. Pages that are found to be duplicates
    /// are marked as such.
    ///
    /// # Errors
    ///
    /// [`OutputError`] if it cannot be written.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: some of `events` may have been taken.
    pub async fn write(&mut self, events: &mut [CrawlEvent]) -> Result<(), OutputError> {
        for event in events {
            if let CrawlEvent::Page { record, .. } = event {
                self.pages.append(record).await?;
            }
        }
        for file in self.files_mut() {
            file.write_if_full().await?;
        }
        Ok(())
    }

    /// How long each file is with all that was taken. After a [`flush`](Self::flush) the files are that long.
    #[must_use]
    pub fn positions(&self) -> Positions {
        let mut positions = Positions::default();
        for file in self.files() {
            let name = file.path().strip_prefix(&self.directory);
            let name = name.unwrap_or(file.path()).to_string_lossy();
            positions.set(name, file.position());
        }
        positions
    }

    /// Hands everything to the system, so that others can read it and it survives the death of the process.
    ///
    /// # Errors
    ///
    /// [`OutputError`] if it cannot be written.
    pub async fn flush(&mut self) -> Result<(), OutputError> {
        for file in self.files_mut() {
            file.write_out().await?;
        }
        Ok(())
    }

    /// Writes everything and waits until it is on the disk.
    ///
    /// # Errors
    ///
    /// [`OutputError`] if it cannot be written.
    pub async fn sync(&mut self) -> Result<(), OutputError> {
        for file in self.files_mut() {
            file.sync().await?;
        }
        Ok(())
    }

    /// Ends the files: everything is on the disk.
    ///
    /// # Errors
    ///
    /// [`OutputError`] if it cannot be written.
    pub async fn close(&mut self) -> Result<(), OutputError> {
        self.sync().await
    }

    fn files(&self) -> impl Iterator<Item = &AppendFile> {
        std::iter::once(&self.pages.file)
    }

    fn files_mut(&mut self) -> impl Iterator<Item = &mut AppendFile> {
        std::iter::once(&mut self.pages.file)
    }
}
