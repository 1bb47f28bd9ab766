//! `pages.jsonl`: one JSON object a page, and which pages have the body of an earlier one.

use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::append_file::AppendFile;
use super::contents::{Contents, Original, is_comparable};
use super::digest::Digest;
use super::directory::Directory;
use super::error::{Attempt, OutputError};
use super::record::PageRecord;

/// What the file of pages is called, in the directory of a crawl.
pub(crate) const PAGES: &str = "pages.jsonl";

/// The file of pages.
#[derive(Debug)]
pub(super) struct Pages {
    pub(super) file: AppendFile,
    /// Only if duplicates are looked for.
    contents: Option<Contents>,
}

impl Pages {
    pub(super) async fn open(directory: &Directory<'_>, dedupe: bool) -> Result<Self, OutputError> {
        let file = directory.file(PAGES).await?;
        let contents = match file.position() {
            _ if !dedupe => None,
            0 => Some(Contents::default()),
            length => Some(read_contents(file.path().to_owned(), length).await?),
        };
        Ok(Self { file, contents })
    }

    /// Appends `page`; if it is a duplicate, says so in it and returns the first of its kind.
    pub(super) async fn append(
        &mut self,
        page: &mut PageRecord,
    ) -> Result<Option<Original>, OutputError> {
        let original = self.original(page).await?;
        page.duplicate_of = original.as_ref().map(|original| original.url.clone());
        self.file.append_json(page)?;
        Ok(original)
    }

    async fn original(&mut self, page: &PageRecord) -> Result<Option<Original>, OutputError> {
        let (Some(contents), Some(digest)) = (&mut self.contents, page.digest) else {
            return Ok(None);
        };
        if !is_comparable(page.status, page.truncated) {
            return Ok(None);
        }
        let Some(first) = contents.first_or_insert(digest, self.file.position()) else {
            return Ok(None);
        };
        let line = self.file.line_at(first).await?;
        let original: Original = serde_json::from_slice(&line)
            .map_err(|error| OutputError::new(Attempt::ReadBack, self.file.path(), error.into()))?;
        let is_same = original.digest.as_deref().and_then(Digest::parse) == Some(digest);
        Ok(Some(original).filter(|_| is_same))
    }
}

/// Reads which contents the first `length` bytes of a file tell of.
async fn read_contents(path: PathBuf, length: u64) -> Result<Contents, OutputError> {
    let read = {
        let path = path.clone();
        tokio::task::spawn_blocking(move || contents_of(&path, length))
    };
    read.await
        .unwrap_or_else(|panicked| Err(io::Error::other(panicked)))
        .map_err(|source| OutputError::new(Attempt::Reopen, &path, source))
}

fn contents_of(path: &Path, length: u64) -> io::Result<Contents> {
    let mut contents = Contents::default();
    let mut lines = BufReader::with_capacity(64 * 1024, std::fs::File::open(path)?).take(length);
    let (mut position, mut line) = (0, Vec::new());
    loop {
        line.clear();
        let read = lines.read_until(b'\n', &mut line)? as u64;
        if read == 0 {
            return Ok(contents);
        }
        let page: Original = serde_json::from_slice(&line)?;
        if is_comparable(page.status, page.truncated)
            && let Some(digest) = page.digest.as_deref().and_then(Digest::parse)
        {
            contents.first_or_insert(digest, position);
        }
        position += read;
    }
}
