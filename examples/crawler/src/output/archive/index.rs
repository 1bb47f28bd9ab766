//! The index of an archive, in CDXJ: a line for each response, sorted by URL and time.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use url::Url;

use super::surt::surt;
use crate::output::OutputError;
use crate::output::append_file::AppendFile;
use crate::output::directory::Directory;
use crate::output::error::Attempt;
use crate::output::record::PageRecord;
use crate::output::sort::sort_lines;

const FOLDER: &str = "indexes";

/// The lines as the crawl makes them. It is there while the crawl runs, and again when it goes on.
const UNSORTED: &str = "indexes/index.cdxj.unsorted";

const SORTED: &str = "indexes/index.cdxj";

/// How much of an index is sorted at once.
const MEMORY: usize = 16 * 1024 * 1024;

/// The lines of an index that grows.
#[derive(Debug)]
pub(super) struct Index {
    pub(super) file: AppendFile,
    sorted: PathBuf,
}

/// What a line says, in the order in which other tools write it; they write numbers as strings.
#[derive(Serialize)]
struct Line<'a> {
    url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    mime: Option<&'a str>,
    status: &'a str,
    digest: &'a str,
    length: &'a str,
    offset: &'a str,
    filename: &'a str,
}

/// Where a record stands, and what it holds.
pub(super) struct Entry<'a> {
    pub(super) url: &'a Url,
    pub(super) page: &'a PageRecord,
    pub(super) is_revisit: bool,
    pub(super) digest: &'a str,
    pub(super) status: &'a str,
    pub(super) filename: &'a str,
    pub(super) offset: u64,
    pub(super) length: u64,
    /// RFC 3339, in UTC.
    pub(super) date: &'a str,
}

impl Index {
    pub(super) async fn open(directory: &Directory<'_>) -> Result<Self, OutputError> {
        directory.make_within(FOLDER).await?;
        let sorted = directory.path.join(SORTED);
        if let Some(position) = directory.positions.and_then(|at| at.get(UNSORTED)) {
            let unsorted = directory.path.join(UNSORTED);
            take_up(&sorted, &unsorted, position)
                .map_err(|source| OutputError::new(Attempt::Reopen, &sorted, source))?;
        }
        Ok(Self {
            file: directory.file(UNSORTED).await?,
            sorted,
        })
    }

    pub(super) fn append(&mut self, entry: &Entry<'_>) -> Result<(), OutputError> {
        let timestamp: String = entry
            .date
            .chars()
            .filter(char::is_ascii_digit)
            .take(14)
            .collect();
        self.file.append(surt(entry.url).as_bytes());
        self.file.append(b" ");
        self.file.append(timestamp.as_bytes());
        self.file.append(b" ");
        let mime = entry.page.content_type.as_deref().and_then(|value| {
            let mime = value.split([';', ' ', '\t']).next()?;
            (!mime.is_empty()).then_some(mime)
        });
        self.file.append_json(&Line {
            url: &entry.page.url,
            mime: if entry.is_revisit {
                Some("warc/revisit")
            } else {
                mime
            },
            status: entry.status,
            digest: entry.digest,
            length: &entry.length.to_string(),
            offset: &entry.offset.to_string(),
            filename: entry.filename,
        })
    }

    /// Sorts the index. What was appended is in the file already.
    pub(super) async fn close(&mut self) -> Result<(), OutputError> {
        let (unsorted, sorted) = (self.file.path().to_owned(), self.sorted.clone());
        let work = tokio::task::spawn_blocking(move || {
            sort_lines(&unsorted, &sorted, MEMORY)?;
            fs::remove_file(unsorted)
        });
        work.await
            .unwrap_or_else(|panicked| Err(io::Error::other(panicked)))
            .map_err(|source| OutputError::new(Attempt::Write, &self.sorted, source))
    }
}

/// What a file is called after the close, if that is another name: it has the same lines then.
pub(in crate::output) fn name_at_the_end(name: &str) -> Option<&'static str> {
    (name == UNSORTED).then_some(SORTED)
}

/// Makes a sorted index the beginning of one that grows on: it has the same lines, if it was sorted at `position`.
fn take_up(sorted: &Path, unsorted: &Path, position: u64) -> io::Result<()> {
    if unsorted.try_exists()? || fs::metadata(sorted)?.len() != position {
        return Ok(());
    }
    fs::rename(sorted, unsorted)
}
