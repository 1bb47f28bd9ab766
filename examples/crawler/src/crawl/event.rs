//! What the crawl tells.

use super::rejection::{RejectedUrl, Rejections};
use crate::output::PageRecord;

/// Something that happened in a crawl.
#[derive(Debug, Clone, PartialEq)]
pub enum CrawlEvent {
    /// A URL was requested, however that ended.
    Page {
        /// What became of it.
        record: PageRecord,
        /// How often the request was made again.
        retries: u32,
        /// How many of the URLs that were found there are not fetched, and why.
        rejections: Rejections,
    },
    /// A URL was left out because of robots.txt.
    Denied(RejectedUrl),
    /// A URL was put off; another event will tell of it, or the crawl ends before. Never told.
    Postponed,
}
