//! The pages that the runs before have written.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use serde::Deserialize;

/// What a line of `pages.jsonl` says of how a page was found.
#[derive(Debug, Deserialize)]
pub(super) struct Written<'a> {
    #[serde(borrow)]
    pub(super) url: Cow<'a, str>,
    pub(super) depth: u32,
    #[serde(borrow)]
    pub(super) referrer: Option<Cow<'a, str>>,
}

/// Hands each page in the first `length` bytes of the file at `path` to `take`; what is no page is passed over.
pub(super) fn for_each(
    path: &Path,
    length: u64,
    mut take: impl FnMut(&Written<'_>),
) -> io::Result<()> {
    if length == 0 {
        return Ok(());
    }
    let mut file = BufReader::with_capacity(1 << 18, File::open(path)?.take(length));
    let mut line = Vec::new();
    while file.read_until(b'\n', &mut line)? > 0 {
        if let Ok(page) = serde_json::from_slice(&line) {
            take(&page);
        }
        line.clear();
    }
    Ok(())
}
