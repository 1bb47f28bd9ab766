//! What is told of a page.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Serialize, Serializer};

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
    /// What kind of trouble there was: why there is no response, or why its body is cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Why there is no response.
    pub error: Option<String>,
}

fn rfc3339<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    // Its Display fails for times before 1970 and after 9999, which no request has.
    let last = SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_799);
    let time = (*time).clamp(SystemTime::UNIX_EPOCH, last);
    serializer.collect_str(&humantime::format_rfc3339_millis(time))
}
