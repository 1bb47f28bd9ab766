//! What the crawl tells.

use std::sync::Arc;

use super::rejection::{RejectedUrl, Rejections};
use super::sitemaps::SitemapRecord;
use crate::fetch::Response;
use crate::output::PageRecord;

/// Something that happened in a crawl.
#[derive(Debug, Clone)]
pub enum CrawlEvent {
    /// A URL was requested, however that ended.
    Page {
        /// What became of it.
        record: Box<PageRecord>,
        /// How often the request was made again.
        retries: u32,
        /// How many of the URLs that were found there are not fetched, and why.
        rejections: Rejections,
        /// Each of these, if they are to be told (`--rejected`).
        rejected: Vec<RejectedUrl>,
        /// The response itself, if an output needs more than the record.
        response: Option<Arc<Response>>,
    },
    /// A sitemap was requested, however that ended.
    Sitemap {
        /// What became of it.
        record: SitemapRecord,
        /// How often the request was made again.
        retries: u32,
        /// How many of its entries are not fetched, and why.
        rejections: Rejections,
        /// Each of these, if they are to be told (`--rejected`).
        rejected: Vec<RejectedUrl>,
    },
    /// A URL was left out because of robots.txt.
    Denied(RejectedUrl),
    /// A URL was put off; another event will tell of it, or the crawl ends before. Never told.
    Postponed,
}
