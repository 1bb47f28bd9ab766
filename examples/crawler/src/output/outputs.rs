//! All files of a crawl.

use std::path::{Path, PathBuf};

use super::append_file::AppendFile;
use super::archive::{self, Archive};
use super::directory::Directory;
use super::error::OutputError;
use super::extracts::Extracts;
use super::link_graph::LinkGraph;
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
    archive: Option<Archive>,
    links: Option<LinkGraph>,
    extracts: Option<Extracts>,
    rejected: Option<AppendFile>,
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
        let archive = if args.files.warc {
            Some(Archive::open(&directory, args).await?)
        } else {
            None
        };
        let rejected = if args.files.rejected {
            Some(directory.file("rejected.jsonl").await?)
        } else {
            None
        };
        let links = if args.files.links {
            Some(LinkGraph::open(&directory).await?)
        } else {
            None
        };
        Ok(Self {
            directory: path.to_owned(),
            rejected,
            // An archive stores each content once.
            pages: Pages::open(&directory, args.files.dedupe || args.files.warc).await?,
            archive,
            links,
            extracts: Extracts::open(&directory, args).await?,
        })
    }

    /// How long the file called `name` is in a `directory` where no crawl runs; 0 if there is none.
    #[must_use]
    pub fn length(directory: &Path, name: &str) -> u64 {
        let length = |name| std::fs::metadata(directory.join(name)).map(|file| file.len());
        length(name)
            .or_else(|error| length(archive::name_at_the_end(name).ok_or(error)?))
            .unwrap_or(0)
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
        self.append(events).await?;
        for file in self.files_mut() {
            file.write_if_full().await?;
        }
        Ok(())
    }

    /// Takes what happened as [`write`](Self::write) does, but leaves the writing to a [`flush`](Self::flush).
    ///
    /// # Errors
    ///
    /// [`OutputError`] if what is to be compared with cannot be read back.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: some of `events` may have been taken.
    pub async fn append(&mut self, events: &mut [CrawlEvent]) -> Result<(), OutputError> {
        for event in events {
            self.append_rejected(event)?;
            if let CrawlEvent::Page {
                record, response, ..
            } = event
            {
                let original = self.pages.append(record).await?;
                let Some(response) = response else {
                    continue;
                };
                if let Some(archive) = &mut self.archive {
                    archive.append(record, response, original.as_ref()).await?;
                }
                if let Some(links) = &mut self.links {
                    links.append(response)?;
                }
                if let Some(extracts) = &mut self.extracts {
                    extracts.append(response)?;
                }
            }
        }
        Ok(())
    }

    fn append_rejected(&mut self, event: &CrawlEvent) -> Result<(), OutputError> {
        let Some(file) = &mut self.rejected else {
            return Ok(());
        };
        match event {
            CrawlEvent::Page { rejected, .. } | CrawlEvent::Sitemap { rejected, .. } => {
                for url in rejected {
                    file.append_json(url)?;
                }
            }
            CrawlEvent::Denied(url) => file.append_json(url)?,
            CrawlEvent::Postponed => {}
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

    /// What brings all that was flushed to the disk, on a thread that may wait; meanwhile more can be written.
    ///
    /// # Errors
    ///
    /// [`OutputError`] if the system has no more handles.
    pub(crate) async fn to_sync(
        &self,
    ) -> Result<impl FnOnce() -> Result<(), OutputError> + Send + use<>, OutputError> {
        let mut files = Vec::new();
        for file in self.files() {
            files.push(file.to_sync().await?);
        }
        Ok(move || files.into_iter().try_for_each(|sync| sync()))
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

    /// Ends the files: everything is on the disk, and the index of an archive is sorted.
    ///
    /// The positions of before hold no longer but for a [`resume`](Self::resume) at exactly the last ones.
    ///
    /// # Errors
    ///
    /// [`OutputError`] if it cannot be written.
    pub async fn close(&mut self) -> Result<(), OutputError> {
        self.sync().await?;
        if let Some(archive) = &mut self.archive {
            archive.close().await?;
        }
        Ok(())
    }

    fn files(&self) -> impl Iterator<Item = &AppendFile> {
        let archive = self.archive.iter().flat_map(Archive::files);
        let links = self.links.iter().map(|links| &links.file);
        let extracts = self.extracts.iter().flat_map(Extracts::files);
        std::iter::once(&self.pages.file)
            .chain(archive)
            .chain(links)
            .chain(extracts)
            .chain(&self.rejected)
    }

    fn files_mut(&mut self) -> impl Iterator<Item = &mut AppendFile> {
        let archive = self.archive.iter_mut().flat_map(Archive::files_mut);
        let links = self.links.iter_mut().map(|links| &mut links.file);
        let extracts = self.extracts.iter_mut().flat_map(Extracts::files_mut);
        std::iter::once(&mut self.pages.file)
            .chain(archive)
            .chain(links)
            .chain(extracts)
            .chain(&mut self.rejected)
    }
}
