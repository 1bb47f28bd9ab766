//! Writes what was crawled to files.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use serde::{Serialize, Serializer};
use thalweg::Sink;
use tokio::fs::File;
use tokio::io::AsyncWriteExt;

/// What is gathered before it is handed to the system: enough that the calls do not count.
const WRITE_SIZE: usize = 64 * 1024;

/// What became of one URL.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PageRecord {
    /// The URL that was requested.
    pub url: String,
    /// The status of the response; `null` if there was none.
    pub status: Option<u16>,
    /// How many links lead here from a start.
    pub depth: u32,
    /// The page on which the link was found first; `null` for a start.
    pub referrer: Option<Arc<str>>,
    /// The value of `Content-Type`.
    pub content_type: Option<String>,
    /// The length of the decoded body, as far as it was read.
    pub bytes: u64,
    /// The title of the page.
    pub title: Option<String>,
    /// How many links the page has.
    pub links: u32,
    /// When the request began; RFC 3339, in UTC.
    #[serde(serialize_with = "rfc3339")]
    pub fetched_at: SystemTime,
    /// How long the request took.
    pub elapsed_ms: u64,
    /// Why there is no response.
    pub error: Option<String>,
}

fn rfc3339<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    // Its Display fails for times before 1970 and after 9999, which no request has.
    let last = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(253_402_300_799);
    let time = (*time).clamp(SystemTime::UNIX_EPOCH, last);
    serializer.collect_str(&humantime::format_rfc3339_millis(time))
}

/// The file `pages.jsonl` of a directory: one JSON object a line.
///
/// Holds at most 64 KiB and one batch in memory; what a flush or the close has not written is lost with the value.
#[derive(Debug)]
pub struct PagesFile {
    path: PathBuf,
    file: File,
    buffer: Vec<u8>,
    /// How much of the buffer is written already.
    written: usize,
}

impl PagesFile {
    /// Makes `directory` if needed, and an empty `pages.jsonl` in it, in place of an earlier one.
    ///
    /// # Errors
    ///
    /// [`OutputError`] if the directory or the file cannot be made.
    pub async fn create(directory: &Path) -> Result<Self, OutputError> {
        let failed = |attempt, path: &Path| {
            let path = path.to_owned();
            move |source| OutputError {
                attempt,
                path,
                source,
            }
        };
        tokio::fs::create_dir_all(directory)
            .await
            .map_err(failed(Attempt::CreateDirectory, directory))?;
        let path = directory.join("pages.jsonl");
        let file = File::create(&path)
            .await
            .map_err(failed(Attempt::CreateFile, &path))?;
        Ok(Self {
            path,
            file,
            buffer: Vec::with_capacity(WRITE_SIZE),
            written: 0,
        })
    }

    /// Where the pages go.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    async fn write_buffer(&mut self) -> Result<(), OutputError> {
        while self.written < self.buffer.len() {
            match self.file.write(&self.buffer[self.written..]).await {
                Ok(0) => return Err(self.failed(io::ErrorKind::WriteZero.into())),
                Ok(count) => self.written += count,
                Err(source) => return Err(self.failed(source)),
            }
        }
        self.buffer.clear();
        self.written = 0;
        Ok(())
    }

    fn failed(&self, source: io::Error) -> OutputError {
        OutputError {
            attempt: Attempt::Write,
            path: self.path.clone(),
            source,
        }
    }
}

impl Sink<PageRecord> for PagesFile {
    type Error = OutputError;

    /// Takes all of `batch`, and writes it out once enough has come together.
    ///
    /// Cancel safe: what was taken is written by the next call, and nothing twice. After an error the file may end in
    /// the middle of a line.
    async fn write(&mut self, batch: &mut Vec<PageRecord>) -> Result<(), OutputError> {
        for record in batch.drain(..) {
            serde_json::to_writer(&mut self.buffer, &record)
                .map_err(|error| self.failed(error.into()))?;
            self.buffer.push(b'\n');
        }
        if self.buffer.len() >= WRITE_SIZE {
            self.write_buffer().await?;
        }
        Ok(())
    }

    /// Hands everything to the system, so that others can read it.
    async fn flush(&mut self) -> Result<(), OutputError> {
        self.write_buffer().await?;
        self.file
            .flush()
            .await
            .map_err(|source| self.failed(source))
    }

    /// Writes the rest and waits until it is on the disk.
    async fn close(&mut self) -> Result<(), OutputError> {
        self.flush().await?;
        self.file
            .sync_all()
            .await
            .map_err(|source| self.failed(source))
    }
}

/// The output could not be written: says what was tried, what happened and what to do.
#[derive(Debug)]
pub struct OutputError {
    attempt: Attempt,
    path: PathBuf,
    source: io::Error,
}

#[derive(Debug, Clone, Copy)]
enum Attempt {
    CreateDirectory,
    CreateFile,
    Write,
}

impl OutputError {
    /// The directory or file that the trouble is with.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Display for OutputError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (attempt, advice) = match self.attempt {
            Attempt::CreateDirectory => (
                "make the directory",
                "choose another with --out, or one that you may write to",
            ),
            Attempt::CreateFile => (
                "create",
                "check its permissions, or choose another directory with --out",
            ),
            Attempt::Write => (
                "write to",
                "check the space that is left, or choose another directory with --out",
            ),
        };
        let path = self.path.display();
        write!(
            formatter,
            "cannot {attempt} {path}: {}; {advice}",
            self.source
        )
    }
}

impl Error for OutputError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}
