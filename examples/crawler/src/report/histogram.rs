//! Counts over ranges.

/// The upper bounds of the ranges of response times, in milliseconds; the last one is open.
const BOUNDS: [u64; 11] = [5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000];

/// How long responses took.
#[derive(Debug, Default)]
pub(super) struct Times {
    counts: [u64; BOUNDS.len() + 1],
}

impl Times {
    pub(super) fn add(&mut self, millis: u64) {
        let range = BOUNDS.partition_point(|&bound| bound <= millis);
        self.counts[range] += 1;
    }

    /// The ranges from the first to the last that has a count, by name.
    pub(super) fn rows(&self) -> Vec<(String, u64)> {
        let name = |range: usize| match (range.checked_sub(1), BOUNDS.get(range)) {
            (_, Some(&bound)) => format!("< {}", duration(bound)),
            (Some(last), None) => format!(">= {}", duration(BOUNDS[last])),
            (None, None) => String::new(),
        };
        let is_counted = |count: &u64| *count > 0;
        let first = self.counts.iter().position(is_counted);
        let last = self.counts.iter().rposition(is_counted);
        match (first, last) {
            (Some(first), Some(last)) => (first..=last)
                .map(|range| (name(range), self.counts[range]))
                .collect(),
            _ => Vec::new(),
        }
    }
}

/// A time in the unit that suits it.
pub(super) fn duration(millis: u64) -> String {
    if millis < 1_000 {
        format!("{millis} ms")
    } else if millis < 60_000 {
        format!("{}.{} s", millis / 1_000, millis % 1_000 / 100)
    } else {
        let seconds = millis / 1_000;
        format!(
            "{}:{:02}:{:02} h",
            seconds / 3_600,
            seconds / 60 % 60,
            seconds % 60
        )
    }
}

/// How many pages there were over time, in at most [`Timeline::MOST`] steps of equal length.
#[derive(Debug)]
pub(super) struct Timeline {
    start: Option<u64>,
    /// The length of a step, in milliseconds.
    step: u64,
    counts: Vec<u64>,
}

impl Timeline {
    const MOST: usize = 120;

    pub(super) fn new() -> Self {
        Self {
            start: None,
            step: 100,
            counts: Vec::new(),
        }
    }

    /// Counts a page at a time in milliseconds. What is before the first counts with it.
    pub(super) fn add(&mut self, millis: u64) {
        let since = millis.saturating_sub(*self.start.get_or_insert(millis));
        while since / self.step >= Self::MOST as u64 {
            self.halve();
        }
        let step = usize::try_from(since / self.step).unwrap_or(Self::MOST - 1);
        if step >= self.counts.len() {
            self.counts.resize(step + 1, 0);
        }
        self.counts[step] += 1;
    }

    /// Makes steps twice as long.
    fn halve(&mut self) {
        self.step = self.step.saturating_mul(2);
        self.counts = self
            .counts
            .chunks(2)
            .map(|pair| pair.iter().sum())
            .collect();
    }

    pub(super) fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// Length of a step in milliseconds.
    pub(super) fn step(&self) -> u64 {
        self.step
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_fall_into_their_ranges() {
        let mut times = Times::default();
        assert_eq!(times.rows(), []);
        for millis in [7, 10, 19, 60_000] {
            times.add(millis);
        }
        let rows = times.rows();
        assert_eq!(rows[..2], [("< 10 ms".into(), 1), ("< 20 ms".into(), 2)]);
        assert_eq!(rows.last(), Some(&(">= 10.0 s".into(), 1)));
        assert_eq!(rows.len(), 11);
    }

    #[test]
    fn a_timeline_stays_short_and_loses_nothing() {
        let mut timeline = Timeline::new();
        for millis in (0..1_000_000).step_by(500) {
            timeline.add(5_000 + millis);
        }
        timeline.add(0);
        assert_eq!(timeline.counts().iter().sum::<u64>(), 2_001);
        assert!(timeline.counts().len() <= Timeline::MOST);
        assert_eq!(timeline.step(), 12_800);
        timeline.add(u64::MAX);
        assert_eq!(timeline.counts().iter().sum::<u64>(), 2_002);
    }

    #[test]
    fn durations_are_short() {
        let cases = [
            (0, "0 ms"),
            (999, "999 ms"),
            (1_250, "1.2 s"),
            (3_723_000, "1:02:03 h"),
        ];
        for (millis, text) in cases {
            assert_eq!(duration(millis), text);
        }
    }
}
