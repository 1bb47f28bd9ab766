//! The visits of one site that wait, as a queue of bytes.

use std::collections::VecDeque;

use super::bytes::{Bytes, put_number, step, stepped};
use super::texts::Before;
use super::trail::Trail;

/// What is allocated at once by a long line, in bytes.
const CHUNK: usize = 16 * 1024;

/// The trail of a visit is that of the one before.
const SAME: u64 = 0;
/// A trail follows.
const OTHER: u64 = 1;
/// A trail follows, and nothing is said in terms of what stood before.
const ANEW: u64 = 2;

/// First in, first out: a URL takes what it does not share with the one before it, and two or three bytes.
#[derive(Debug, Default)]
pub(super) struct Line {
    chunks: VecDeque<Vec<u8>>,
    /// How much of the first chunk has been read.
    read: usize,
    len: usize,
    front: Visits,
}

/// What the coding of a visit depends on: the one before.
#[derive(Debug, Default)]
struct Visits {
    id: u64,
    text: Before,
    trail: Trail,
}

/// The other end of a line, where visits are appended. One will do for many lines: most visits come by the page.
#[derive(Debug, Default)]
pub(super) struct Writer {
    last: Visits,
    bytes: Vec<u8>,
}

impl Writer {
    /// Appends a visit to `line`; `goes_on` if the last one was appended to the same line.
    pub(super) fn put(
        &mut self,
        line: &mut Line,
        goes_on: bool,
        id: u64,
        url: &str,
        trail: &Trail,
    ) {
        let Self { last, bytes } = self;
        if !goes_on {
            last.text.clear();
            last.id = 0;
        }
        let kind = match goes_on {
            false => ANEW,
            true if last.trail == *trail => SAME,
            true => OTHER,
        };
        bytes.clear();
        put_number(bytes, step(last.id, id) << 2 | kind);
        if kind != SAME {
            trail.put(bytes, &mut last.text);
            last.trail.clone_from(trail);
        }
        last.text.put(bytes, url);
        last.id = id;
        line.append(bytes);
    }
}

impl Line {
    /// Counts the visits.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    fn append(&mut self, bytes: &[u8]) {
        self.len += 1;
        match self.chunks.back_mut() {
            Some(last) if last.len() + bytes.len() <= CHUNK => last.extend_from_slice(bytes),
            Some(_) => {
                let mut chunk = Vec::with_capacity(CHUNK.max(bytes.len()));
                chunk.extend_from_slice(bytes);
                self.chunks.push_back(chunk);
            }
            None => self.chunks.push_back(bytes.to_vec()),
        }
    }

    /// Takes the visit that is first, and hands it to `take`: its id, URL and trail.
    pub(super) fn pop<R>(&mut self, take: impl FnOnce(u64, &str, &Trail) -> R) -> Option<R> {
        let chunk = self.chunks.front()?;
        let mut bytes = Bytes(&chunk[self.read..]);
        let Visits { id, text, trail } = &mut self.front;
        let first = bytes.number()?;
        if first & 3 == ANEW {
            *id = 0;
            text.clear();
        }
        *id = stepped(*id, first >> 2);
        if first & 3 != SAME {
            *trail = Trail::take(&mut bytes, text)?;
        }
        let taken = take(*id, text.take(&mut bytes)?, trail);
        self.read = chunk.len() - bytes.0.len();
        self.len -= 1;
        if self.read == chunk.len() {
            self.chunks.pop_front();
            self.read = 0;
        }
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Visits to three lines, in runs of one page or interleaved, taken at any time.
        #[test]
        fn visits_come_back_in_order(
            steps in proptest::collection::vec((0..3_usize, any::<bool>(), 0..4_u32, 0..400_u64), 0..300),
        ) {
            let mut lines: [Line; 3] = Default::default();
            let mut expected: [VecDeque<(u64, String, Trail)>; 3] = Default::default();
            let (mut writer, mut last) = (Writer::default(), None);
            for (at, takes, depth, number) in steps {
                let line = &mut lines[at];
                if takes {
                    let taken = line.pop(|id, url, trail| (id, url.to_owned(), trail.clone()));
                    prop_assert_eq!(taken, expected[at].pop_front());
                } else {
                    let url = format!("http://river.test/{}/{number}", "mill/".repeat(depth as usize * 100));
                    let referrer = (depth > 0).then(|| format!("http://{depth}.test/").into());
                    let trail = Trail { depth, referrer, ..Trail::default() };
                    writer.put(line, last == Some(at), number, &url, &trail);
                    last = Some(at);
                    expected[at].push_back((number, url, trail));
                }
                prop_assert_eq!(lines[at].len(), expected[at].len());
            }
        }
    }

    #[test]
    fn a_link_among_its_like_takes_a_few_bytes() {
        let (mut line, mut writer) = (Line::default(), Writer::default());
        let trail = Trail {
            depth: 3,
            referrer: Some("http://river.test/mill/".into()),
            ..Trail::default()
        };
        for id in 0..100_000 {
            let url = format!("http://river.test/mill/{id:06}.html");
            writer.put(&mut line, id > 0, id, &url, &trail);
        }
        let bytes: usize = line.chunks.iter().map(Vec::capacity).sum();
        assert!(bytes < 11 * 100_000, "{bytes}");
    }
}
