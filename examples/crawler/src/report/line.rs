//! A page as a report reads it.

use std::borrow::Cow;
use std::io::{self, BufRead};

use serde::Deserialize;

/// The members of a line of `pages.jsonl` that a report needs. What an older crawl did not write is empty.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Line<'a> {
    #[serde(borrow)]
    pub(super) url: Cow<'a, str>,
    pub(super) status: Option<u16>,
    pub(super) depth: u32,
    #[serde(borrow)]
    pub(super) referrer: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) content_type: Option<Cow<'a, str>>,
    pub(super) bytes: u64,
    pub(super) truncated: bool,
    #[serde(borrow)]
    pub(super) digest: Option<Cow<'a, str>>,
    pub(super) links: u64,
    #[serde(borrow)]
    pub(super) fetched_at: Cow<'a, str>,
    pub(super) elapsed_ms: u64,
    #[serde(borrow)]
    pub(super) error: Option<Cow<'a, str>>,
}

/// Hands each page of a file to `take`; none where a line is no page.
///
/// A last line without an end is passed over: a crawl is about to write the rest of it.
pub(super) fn for_each(
    mut file: impl BufRead,
    mut take: impl FnMut(Option<Line<'_>>),
) -> io::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        file.read_until(b'\n', &mut line)?;
        if line.pop() != Some(b'\n') {
            return Ok(());
        }
        take(serde_json::from_slice(&line).ok());
    }
}
