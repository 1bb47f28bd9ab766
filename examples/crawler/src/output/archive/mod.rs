//! The archive of a crawl: WARC 1.1, and an index to it.
//!
//! Together with `indexes/`, `archive/` makes the directory of a crawl a collection that replay tools read as it is.

mod gzip;
mod http;
mod index;
mod record;
mod surt;

use std::fmt::{Display, Write};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use hyper::header::{IF_MODIFIED_SINCE, IF_NONE_MATCH};
use hyper::{StatusCode, Version};

use self::gzip::Gzip;
use self::http::{request_head, response_head};
pub(super) use self::index::name_at_the_end;
use self::index::{Entry, Index};
use self::record::{Record, RecordId};
use super::append_file::AppendFile;
use super::contents::Original;
use super::digest::Algorithm;
use super::directory::Directory;
use super::error::{Attempt, OutputError};
use super::record::{PageRecord, in_utc};
use crate::args::Args;
use crate::fetch::Response;

const FOLDER: &str = "archive";
const EXTENSION: &str = ".warc.gz";

const SAME_PAYLOAD: &str = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest";
const NOT_MODIFIED: &str = "http://netpreserve.org/warc/1.1/revisit/server-not-modified";

/// WARC files, one after another as each is full, and their index.
#[derive(Debug)]
pub(super) struct Archive {
    folder: PathBuf,
    name: FileName,
    file: AppendFile,
    index: Index,
    gzip: Gzip,
    /// What a file may grow to before the next is begun.
    limit: u64,
    /// What the first record of each file says of the crawl.
    about: String,
    /// Records of a page, before they are appended.
    buffer: Vec<u8>,
}

impl Archive {
    pub(super) async fn open(directory: &Directory<'_>, args: &Args) -> Result<Self, OutputError> {
        directory.make_within(FOLDER).await?;
        let folder = directory.path.join(FOLDER);
        let kept = directory.positions.and_then(|positions| {
            // Those before the last one are as long as they were.
            positions
                .iter()
                .filter_map(|(name, _)| {
                    FileName::parse(name.strip_prefix(FOLDER)?.strip_prefix('/')?)
                })
                .max_by_key(|name| name.number)
        });
        let name = if let Some(name) = kept {
            remove_after(&folder, &name)
                .map_err(|source| OutputError::new(Attempt::Reopen, &folder, source))?;
            name
        } else {
            make_new(&folder, directory.positions.is_some())
                .map_err(|source| OutputError::new(Attempt::BeginArchive, &folder, source))?;
            FileName::first(SystemTime::now())
        };
        let mut archive = Self {
            file: directory.file(&format!("{FOLDER}/{name}")).await?,
            folder,
            name,
            index: Index::open(directory).await?,
            gzip: Gzip::new(),
            limit: args.files.warc_size.as_u64(),
            about: about(args),
            buffer: Vec::new(),
        };
        if archive.file.position() == 0 {
            archive.append_info()?;
        }
        Ok(archive)
    }

    pub(super) fn files(&self) -> [&AppendFile; 2] {
        [&self.file, &self.index.file]
    }

    pub(super) fn files_mut(&mut self) -> [&mut AppendFile; 2] {
        [&mut self.file, &mut self.index.file]
    }

    /// Appends the records of a page: a response or, if there is an `original`, a revisit of that; the request; and
    /// where the link to it was found.
    pub(super) async fn append(
        &mut self,
        page: &PageRecord,
        response: &Response,
        original: Option<&Original>,
    ) -> Result<(), OutputError> {
        if self.file.position() >= self.limit {
            self.begin_next().await?;
        }
        let date = in_utc(page.fetched_at).to_string();
        let id = RecordId::random();
        let digest = page
            .digest
            .unwrap_or_else(|| Algorithm::Sha1.digest(&response.body))
            .to_string();
        self.buffer.clear();
        let is_revisit = self
            .response(id, &date, &digest, page, response, original)
            .map_err(|source| self.failed(source))?;
        let (offset, length) = (self.file.position(), self.buffer.len() as u64);
        self.request(id, &date, page, response)
            .and_then(|()| self.metadata(id, &date, page))
            .map_err(|source| self.failed(source))?;
        self.file.append(&self.buffer);
        self.index.append(&Entry {
            url: &response.url,
            page,
            is_revisit,
            digest: &digest,
            status: response.status.as_str(),
            filename: &self.name.to_string(),
            offset,
            length,
            date: &date,
        })
    }

    /// Sorts the index. All files are written already.
    pub(super) async fn close(&mut self) -> Result<(), OutputError> {
        self.index.close().await
    }

    /// The response, and whether it is told as a revisit.
    fn response(
        &mut self,
        id: RecordId,
        date: &str,
        digest: &str,
        page: &PageRecord,
        response: &Response,
        original: Option<&Original>,
    ) -> io::Result<bool> {
        let head = response_head(response);
        let remote = response.remote.ip();
        let mut fields: Vec<(&str, &dyn Display)> = vec![
            ("WARC-Target-URI", &page.url),
            ("WARC-IP-Address", &remote),
            ("WARC-Payload-Digest", &digest),
        ];
        if response.version == Version::HTTP_2 {
            fields.push(("WARC-Protocol", &"h2"));
        }
        if response.truncated {
            fields.push(("WARC-Truncated", &"length"));
        }
        let is_unchanged = is_unchanged(response);
        if let Some(original) = original {
            fields.extend([
                ("WARC-Profile", &SAME_PAYLOAD as &dyn Display),
                ("WARC-Refers-To-Target-URI", &original.url),
                ("WARC-Refers-To-Date", &original.fetched_at),
            ]);
        } else if is_unchanged {
            fields.push(("WARC-Profile", &NOT_MODIFIED));
        }
        let is_revisit = original.is_some() || is_unchanged;
        let record = Record {
            kind: if is_revisit { "revisit" } else { "response" },
            id,
            date,
            content_type: "application/http; msgtype=response",
            fields: &fields,
            block: [&head, if is_revisit { &[] } else { &response.body }],
        };
        record.write(&mut self.gzip, &mut self.buffer)?;
        Ok(is_revisit)
    }

    fn request(
        &mut self,
        response_id: RecordId,
        date: &str,
        page: &PageRecord,
        response: &Response,
    ) -> io::Result<()> {
        let Some(sent) = &response.sent else {
            return Ok(());
        };
        let record = Record {
            kind: "request",
            id: RecordId::random(),
            date,
            content_type: "application/http; msgtype=request",
            fields: &[
                ("WARC-Target-URI", &page.url),
                ("WARC-Concurrent-To", &response_id),
            ],
            block: [&request_head(&response.url, response.version, sent), &[]],
        };
        record.write(&mut self.gzip, &mut self.buffer)
    }

    fn metadata(&mut self, response_id: RecordId, date: &str, page: &PageRecord) -> io::Result<()> {
        let mut about = String::new();
        if let Some(referrer) = &page.referrer {
            // Writing to a string does not fail.
            let _ = write!(about, "via: {referrer}\r\n");
        }
        let _ = write!(
            about,
            "linksFromSeed: {}\r\nfetchTimeMs: {}\r\n",
            page.depth, page.elapsed_ms
        );
        let record = Record {
            kind: "metadata",
            id: RecordId::random(),
            date,
            content_type: "application/warc-fields",
            fields: &[
                ("WARC-Target-URI", &page.url),
                ("WARC-Concurrent-To", &response_id),
            ],
            block: [about.as_bytes(), &[]],
        };
        record.write(&mut self.gzip, &mut self.buffer)
    }

    /// Appends what a file begins with.
    fn append_info(&mut self) -> Result<(), OutputError> {
        self.buffer.clear();
        let date = in_utc(SystemTime::now()).to_string();
        let record = Record {
            kind: "warcinfo",
            id: RecordId::random(),
            date: &date,
            content_type: "application/warc-fields",
            fields: &[("WARC-Filename", &self.name)],
            block: [self.about.as_bytes(), &[]],
        };
        record
            .write(&mut self.gzip, &mut self.buffer)
            .map_err(|source| OutputError::new(Attempt::Write, self.file.path(), source))?;
        self.file.append(&self.buffer);
        Ok(())
    }

    /// Brings the file to the disk and begins another: only the last one may be cut when the crawl goes on.
    async fn begin_next(&mut self) -> Result<(), OutputError> {
        self.file.sync().await?;
        let next = self.name.next();
        self.file = AppendFile::create(&self.folder.join(next.to_string())).await?;
        self.name = next;
        self.append_info()
    }

    fn failed(&self, source: io::Error) -> OutputError {
        OutputError::new(Attempt::Write, self.file.path(), source)
    }
}

/// Tells whether the server answered that nothing has changed since what was asked about.
fn is_unchanged(response: &Response) -> bool {
    response.status == StatusCode::NOT_MODIFIED
        && response.sent.as_ref().is_some_and(|sent| {
            sent.contains_key(IF_NONE_MATCH) || sent.contains_key(IF_MODIFIED_SINCE)
        })
}

fn about(args: &Args) -> String {
    let user_agent = String::from_utf8_lossy(args.fetching.user_agent.as_bytes());
    let robots = if args.what.ignore_robots {
        "ignore"
    } else {
        "obey"
    };
    format!(
        "software: thalweg crawler/{}\r\nformat: WARC File Format 1.1\r\n\
         conformsTo: http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/\r\n\
         robots: {robots}\r\nhttp-header-user-agent: {user_agent}\r\n",
        env!("CARGO_PKG_VERSION"),
    )
}

/// `crawl-20240131235959-00000.warc.gz`: when the crawl began, and the number of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct FileName {
    /// The name up to the number.
    start: String,
    number: u32,
}

impl FileName {
    fn first(now: SystemTime) -> Self {
        let date = in_utc(now).to_string();
        let timestamp: String = date.chars().filter(char::is_ascii_digit).take(14).collect();
        Self {
            start: format!("crawl-{timestamp}-"),
            number: 0,
        }
    }

    fn parse(name: &str) -> Option<Self> {
        let stem = name.strip_suffix(EXTENSION)?;
        let (start, number) = stem.split_at(stem.rfind('-')? + 1);
        Some(Self {
            start: start.to_owned(),
            number: number.parse().ok()?,
        })
    }

    fn next(&self) -> Self {
        Self {
            start: self.start.clone(),
            number: self.number + 1,
        }
    }
}

impl Display for FileName {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}{:05}{EXTENSION}", self.start, self.number)
    }
}

/// The names of the archive's files in `folder`.
fn names_in(folder: &Path) -> io::Result<Vec<FileName>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        names.extend(entry?.file_name().to_str().and_then(FileName::parse));
    }
    Ok(names)
}

/// Makes sure that no earlier archive is mixed with a new one, or lost to it. What a crawl left that `goes_on` and has
/// committed nothing yet is no archive.
fn make_new(folder: &Path, goes_on: bool) -> io::Result<()> {
    for name in names_in(folder)? {
        if !goes_on {
            return Err(io::Error::new(
                io::ErrorKind::AlreadyExists,
                format!("there is one already ({name})"),
            ));
        }
        fs::remove_file(folder.join(name.to_string()))?;
    }
    Ok(())
}

/// Removes the files that were begun after `last`: no commit knows of them.
fn remove_after(folder: &Path, last: &FileName) -> io::Result<()> {
    for name in names_in(folder)? {
        if name.start == last.start && name.number > last.number {
            fs::remove_file(folder.join(name.to_string()))?;
        }
    }
    Ok(())
}
