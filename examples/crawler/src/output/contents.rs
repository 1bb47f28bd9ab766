//! Which bodies there were already.

use hashbrown::HashTable;
use serde::Deserialize;

use super::digest::Digest;

/// The first page of each content: 17 bytes of memory for a page, as its line in `pages.jsonl` tells the rest.
#[derive(Default)]
pub(super) struct Contents {
    first: HashTable<Entry>,
}

struct Entry {
    fingerprint: u64,
    /// Where its line begins.
    position: u64,
}

impl Contents {
    /// The position of the first page with this digest; notes `position` if there is none.
    ///
    /// Once in 2^64 it is a page with another digest.
    pub(super) fn first_or_insert(&mut self, digest: Digest, position: u64) -> Option<u64> {
        let fingerprint = digest.fingerprint();
        let known = self
            .first
            .find(fingerprint, |entry| entry.fingerprint == fingerprint);
        if let Some(entry) = known {
            return Some(entry.position);
        }
        let entry = Entry {
            fingerprint,
            position,
        };
        self.first
            .insert_unique(fingerprint, entry, |entry| entry.fingerprint);
        None
    }
}

impl std::fmt::Debug for Contents {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Contents")
            .field("pages", &self.first.len())
            .finish()
    }
}

/// What a line of `pages.jsonl` tells of a page that others may be duplicates of.
#[derive(Debug, Deserialize)]
pub(super) struct Original {
    pub(super) url: String,
    pub(super) status: Option<u16>,
    pub(super) truncated: bool,
    pub(super) digest: Option<String>,
    /// As it stands there.
    pub(super) fetched_at: String,
}

/// Tells whether a page has a content to be compared: a success, and all of it.
pub(super) fn is_comparable(status: Option<u16>, truncated: bool) -> bool {
    status.is_some_and(|status| (200..300).contains(&status)) && !truncated
}

#[cfg(test)]
mod tests {
    use super::Contents;
    use crate::output::Algorithm;

    #[test]
    fn the_first_of_a_content_stays() {
        let mut contents = Contents::default();
        for position in 0..10_000_u64 {
            let digest = Algorithm::Xxh3.digest(&(position % 5_000).to_be_bytes());
            let first = (position >= 5_000).then(|| position - 5_000);
            assert_eq!(contents.first_or_insert(digest, position), first);
        }
    }
}
