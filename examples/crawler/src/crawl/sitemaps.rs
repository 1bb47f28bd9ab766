//! From a sitemap to the visits that it leads to.

use url::Url;

use super::finds::Finds;
use super::rejection::Rejection;
use crate::fetch::Response;
use crate::sitemap::{self, EntryKind};
use crate::url::resolve;

/// What came of a visit to a sitemap.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SitemapRecord {
    /// The URL that was requested.
    pub url: String,
    /// The status of the response; none if there was none.
    pub status: Option<u16>,
    /// How many entries it has, as far as it was read.
    pub entries: u64,
    /// Why it was not read, or not to its end.
    pub error: Option<String>,
}

/// Tells `finds` of all that a sitemap lists.
pub(super) fn read(response: &Response, finds: &mut Finds<'_>, record: &mut SitemapRecord) {
    record.status = Some(response.status.as_u16());
    if !response.status.is_success() {
        record.error = Some(format!("status {}", response.status.as_u16()));
        return;
    }
    let base = response.url.clone();
    let resolved = |address: &str| -> Option<Url> { resolve(&base, address) };
    let reading = sitemap::read(&response.body, |entry| {
        let addresses = std::iter::once(&entry.location).chain(&entry.alternates);
        for address in addresses {
            match (resolved(address), entry.kind) {
                (None, _) => finds.leave(&base, address, Rejection::NoUrl),
                (Some(url), EntryKind::Page) => finds.page(url),
                (Some(url), EntryKind::Sitemap) => finds.sitemap(url),
            }
        }
    });
    record.entries = reading.entries as u64;
    record.error = reading.trouble.map(|trouble| trouble.to_string());
}
