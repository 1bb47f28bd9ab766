//! Sitemaps: lists of pages that sites hand out, by the protocol of sitemaps.org.

mod bounded;
mod entry;
mod stretch;
mod text;
mod xml;

use std::fmt;
use std::io::{BufReader, Read};

use flate2::read::MultiGzDecoder;

pub use self::entry::{Entry, EntryKind};

/// The most that is read of a sitemap, decoded, in bytes: what the protocol allows.
pub const LIMIT: usize = 50 * 1024 * 1024;

/// The most entries that are read of a sitemap: what the protocol allows.
pub const ENTRIES: usize = 50_000;

/// What a compressed sitemap begins with, whatever its name and headers say.
const GZIP: &[u8] = b"\x1f\x8b";

/// What came of reading a sitemap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// How many entries were found.
    pub entries: usize,
    /// Why the rest was not read, if there is a rest.
    pub trouble: Option<Trouble>,
}

/// Why a sitemap was not read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// It is longer than [`LIMIT`].
    TooLong,
    /// It has more entries than [`ENTRIES`].
    TooMany,
    /// It is broken, in this way.
    Broken(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(formatter, "longer than {} MiB", LIMIT / 1024 / 1024),
            Self::TooMany => write!(formatter, "more than {ENTRIES} entries"),
            Self::Broken(how) => write!(formatter, "broken: {how}"),
        }
    }
}

/// Hands each entry of a sitemap or of an index of sitemaps to `sink`, in their order.
///
/// `bytes` are XML or plain text with an address on each line, gzipped or not. It is read in pieces, so a compressed one
/// never stands in memory as a whole. Namespaces are not looked at, entities other than those of XML itself are left out,
/// and what stands before a defect is found.
///
/// # Examples
///
/// ```
/// use crawler::sitemap::read;
///
/// let mut pages = Vec::new();
/// let sitemap = b"<urlset><url><loc> https://example.org/?a&amp;b </loc></url></urlset>";
/// let reading = read(sitemap, |entry| pages.push(entry.location));
/// assert_eq!(pages, ["https://example.org/?a&b"]);
/// assert_eq!(reading.trouble, None);
/// ```
pub fn read(bytes: &[u8], sink: impl FnMut(Entry)) -> Reading {
    if bytes.starts_with(GZIP) {
        read_from(MultiGzDecoder::new(bytes), LIMIT, sink)
    } else {
        read_from(bytes, LIMIT, sink)
    }
}

fn read_from(source: impl Read, limit: usize, mut sink: impl FnMut(Entry)) -> Reading {
    let mut source = BufReader::new(bounded::Bounded::new(source, limit));
    let mut entries = 0;
    let take = |entry: Entry| {
        if entries == ENTRIES {
            return Err(Trouble::TooMany);
        }
        entries += 1;
        sink(entry);
        Ok(())
    };
    let result = match text::is_text(&mut source) {
        Ok(true) => text::read(&mut source, take),
        Ok(false) => xml::read(&mut source, take),
        Err(trouble) => Err(trouble),
    };
    let trouble = match result {
        _ if source.get_ref().is_cut() => Some(Trouble::TooLong),
        result => result.err(),
    };
    Reading { entries, trouble }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_before_the_limit_is_read() {
        let entry = "<url><loc>http://river.test/</loc></url>";
        let sitemap = entry.repeat(10);
        for (limit, entries, trouble) in [
            (sitemap.len(), 10, None),
            (sitemap.len() - 1, 9, Some(Trouble::TooLong)),
            (entry.len() * 3 + 5, 3, Some(Trouble::TooLong)),
        ] {
            let reading = read_from(sitemap.as_bytes(), limit, drop);
            assert_eq!(reading, Reading { entries, trouble });
        }
    }
}
