//! What the crawl tells.

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
    },
    /// A URL was left out because of robots.txt.
    Denied {
        /// The URL.
        url: String,
    },
    /// A URL was put off; another event will tell of it, or the crawl ends before. Never told.
    Postponed,
}
