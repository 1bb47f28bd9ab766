//! Which URLs are known already.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

/// Stands behind each text. No URL has one: parsers drop line ends.
const END: u8 = b'\n';

/// An exact set of URLs that takes little more than their text: ten to twenty bytes each.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// All texts, one behind the other.
    texts: Vec<u8>,
    /// Where each begins.
    starts: HashTable<usize>,
    hasher: DefaultHashBuilder,
}

impl Seen {
    pub(super) fn contains(&self, url: &str) -> bool {
        self.starts
            .find(self.hasher.hash_one(url), |&start| {
                is_at(&self.texts, start, url)
            })
            .is_some()
    }

    /// Adds `url`; `false` if it was there.
    pub(super) fn insert(&mut self, url: &str) -> bool {
        let Self {
            texts,
            starts,
            hasher,
        } = self;
        let hash = hasher.hash_one(url);
        if starts
            .find(hash, |&start| is_at(texts, start, url))
            .is_some()
        {
            return false;
        }
        let start = texts.len();
        texts.extend_from_slice(url.as_bytes());
        texts.push(END);
        starts.insert_unique(hash, start, |&start| hasher.hash_one(text_at(texts, start)));
        true
    }
}

fn is_at(texts: &[u8], start: usize, url: &str) -> bool {
    let rest = &texts[start..];
    rest.starts_with(url.as_bytes()) && rest.get(url.len()) == Some(&END)
}

fn text_at(texts: &[u8], start: usize) -> &str {
    let rest = &texts[start..];
    let len = memchr::memchr(END, rest).unwrap_or(rest.len());
    // Only whole texts go in.
    str::from_utf8(&rest[..len]).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::Seen;

    #[test]
    fn it_is_exact() {
        let mut seen = Seen::default();
        let urls: Vec<String> = (0..10_000)
            .map(|n| format!("http://river.test/{n}"))
            .collect();
        for url in &urls {
            assert!(!seen.contains(url), "{url}");
            assert!(seen.insert(url), "{url}");
            assert!(!seen.insert(url), "{url}");
        }
        assert!(urls.iter().all(|url| seen.contains(url)));
    }

    #[test]
    fn a_beginning_is_another_url() {
        let mut seen = Seen::default();
        assert!(seen.insert("http://river.test/mill"));
        assert!(!seen.contains("http://river.test/mil"));
        assert!(!seen.contains("http://river.test/mills"));
        assert!(seen.insert("http://river.test/mil"));
    }
}
