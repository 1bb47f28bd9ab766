//! What is told of a page.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Serialize, Serializer};

use super::digest::Digest;
use crate::fetch::Reason;

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
    /// Where a redirect leads.
    pub location: Option<String>,
    /// The value of `ETag`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// The value of `Last-Modified`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
    /// The value of `Content-Type`.
    pub content_type: Option<String>,
    /// The encoding that a page was read in, by its name in the WHATWG Encoding Standard.
    pub charset: Option<&'static str>,
    /// The length of the decoded body, as far as it was read.
    pub bytes: u64,
    /// Whether the body was longer than that.
    pub truncated: bool,
    /// The digest of the decoded body, as far as it was read; `null` if that is empty.
    pub digest: Option<Digest>,
    /// The first page of the crawl that had the same body, if those are looked for.
    pub duplicate_of: Option<String>,
    /// The title of the page.
    pub title: Option<String>,
    /// What the page says it is about, in its `<meta name=description>`.
    pub description: Option<String>,
    /// The address that the page takes for its own, if that is another one.
    pub canonical: Option<String>,
    /// Whether the page asks not to be indexed.
    pub noindex: bool,
    /// How many links the page has.
    pub links: u32,
    /// When the request began; RFC 3339, in UTC.
    #[serde(serialize_with = "rfc3339")]
    pub fetched_at: SystemTime,
    /// How long the request took.
    pub elapsed_ms: u64,
    /// What kind of trouble there was: why there is no response, or why its body is cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Why there is no response.
    pub error: Option<String>,
}

impl PageRecord {
    /// A record of a request that began at a time, and of which nothing more is known.
    #[must_use]
    pub fn new(url: String, fetched_at: SystemTime) -> Self {
        Self {
            url,
            status: None,
            depth: 0,
            referrer: None,
            location: None,
            etag: None,
            last_modified: None,
            content_type: None,
            charset: None,
            bytes: 0,
            truncated: false,
            digest: None,
            duplicate_of: None,
            title: None,
            description: None,
            canonical: None,
            noindex: false,
            links: 0,
            fetched_at,
            elapsed_ms: 0,
            reason: None,
            error: None,
        }
    }
}

fn rfc3339<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&in_utc(*time))
}

/// A time as RFC 3339 has it, to the millisecond.
pub(super) fn in_utc(time: SystemTime) -> impl fmt::Display {
    // Its Display fails for times before 1970 and after 9999, which no request has.
    let last = SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_799);
    humantime::format_rfc3339_millis(time.clamp(SystemTime::UNIX_EPOCH, last))
}
