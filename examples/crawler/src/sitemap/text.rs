//! Sitemaps that are plain text: an address on each line.

use std::io::{BufRead, Read};

use super::Trouble;
use super::entry::{Entry, EntryKind};

/// A line beyond this many bytes is not an address.
const LONGEST_LINE: u64 = 8 * 1024;

const MARK: &[u8] = b"\xEF\xBB\xBF";

/// Tells whether a sitemap is not XML, by its first character; passes over a byte order mark.
pub(super) fn is_text(source: &mut impl BufRead) -> Result<bool, Trouble> {
    let failed = |error: std::io::Error| Trouble::Broken(error.to_string());
    let start = source.fill_buf().map_err(failed)?;
    let mark = if start.starts_with(MARK) {
        MARK.len()
    } else {
        0
    };
    let first = start[mark..].trim_ascii_start().first().copied();
    source.consume(mark);
    Ok(first.is_some_and(|first| first != b'<'))
}

pub(super) fn read(
    source: &mut impl BufRead,
    mut take: impl FnMut(Entry) -> Result<(), Trouble>,
) -> Result<(), Trouble> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let count = source
            .by_ref()
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut line)
            .map_err(|error| Trouble::Broken(error.to_string()))?;
        if count == 0 {
            return Ok(());
        }
        let is_whole = line.ends_with(b"\n") || (count as u64) < LONGEST_LINE;
        let Ok(address) = str::from_utf8(line.trim_ascii()) else {
            return Err(Trouble::Broken("neither XML nor text".to_owned()));
        };
        if !is_whole {
            return Err(Trouble::Broken("a line is too long".to_owned()));
        }
        if !address.is_empty() {
            take(Entry {
                location: address.to_owned(),
                ..Entry::new(EntryKind::Page)
            })?;
        }
    }
}
