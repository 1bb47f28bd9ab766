//! Whether lines come one by one, or as a stream of which every line would be told.

use std::time::Duration;

use tokio::time::Instant;

/// Lines that are so close to each other may be of a stream.
const CLOSE: Duration = Duration::from_millis(5);

/// So many looks in a row that have found something are a stream.
const STREAM: u32 = 32;

/// A stream of which nothing was found for so long has ended.
const QUIET: Duration = Duration::from_millis(20);

/// As a network card is asked while there is much to do, and tells by itself while there is not.
#[derive(Default)]
pub(super) struct Rhythm {
    /// When something was found last.
    found: Option<Instant>,
    /// How many looks in a row have found something.
    streak: u32,
}

impl Rhythm {
    /// Notes what has come of a look.
    pub(super) fn note(&mut self, now: Instant, has_found: bool) {
        let since = self.found.map(|found| now.saturating_duration_since(found));
        if has_found {
            let is_close = since.is_some_and(|since| since < CLOSE);
            if is_close || self.is_stream() {
                self.streak = self.streak.saturating_add(1);
            } else {
                self.streak = 1;
            }
            self.found = Some(now);
        } else if since.is_some_and(|since| since >= QUIET) {
            self.streak = 0;
        }
    }

    pub(super) fn is_stream(&self) -> bool {
        self.streak >= STREAM
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_lines_close_to_each_other_are_a_stream_until_there_are_none_for_a_while() {
        let mut now = Instant::now();
        let mut rhythm = Rhythm::default();
        let mut look = |after: u64, has_found| {
            now += Duration::from_millis(after);
            rhythm.note(now, has_found);
            rhythm.is_stream()
        };
        // One by one, however many.
        assert!((0..1000).all(|_| !look(5, true) && !look(1, false)));
        // Close, with looks in between that find nothing: the first of these is the second in a row.
        assert!(!look(2, true));
        assert!((2..31).all(|_| !look(2, true) && !look(2, false)));
        assert!(look(2, true));
        // It stutters.
        assert!((0..100).all(|_| look(15, true) && look(4, false)));
        assert!(look(15, false));
        assert!(!look(1, false));
        assert!(!look(1, true));
    }
}
