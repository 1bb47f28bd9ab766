//! Numbers by name, as they stand at a commit: how long the files are, what was counted.

use std::fmt::Write;

/// Numbers by name, in an order that hardly ever changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::crawl) struct Numbers {
    list: Vec<(String, u64)>,
    /// How many of them were set since the last [`begin`](Self::begin).
    set: usize,
    /// Names have changed since.
    is_other: bool,
}

impl Numbers {
    pub(super) fn push(&mut self, name: &str) {
        self.list.push((name.to_owned(), 0));
    }

    pub(super) fn clear(&mut self) {
        self.list.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// All values, in their order.
    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut u64> {
        self.list.iter_mut().map(|(_, value)| value)
    }

    /// All values, in their order.
    pub(super) fn values(&self) -> impl Iterator<Item = u64> {
        self.list.iter().map(|(_, value)| *value)
    }

    /// All names, in their order.
    pub(super) fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.list.iter().map(|(name, _)| name.as_str())
    }

    /// The numbers of a kind, without the kind in their names.
    pub(in crate::crawl) fn of_kind(&self, kind: &str) -> impl Iterator<Item = (&str, u64)> {
        self.list.iter().filter_map(move |(name, value)| {
            let name = name.strip_prefix(kind)?.strip_prefix(' ')?;
            Some((name, *value))
        })
    }

    /// A number of a kind; 0 if there is none.
    pub(in crate::crawl) fn get(&self, kind: &str, name: &str) -> u64 {
        let found = self.of_kind(kind).find(|(known, _)| *known == name);
        found.map_or(0, |(_, value)| value)
    }

    /// From here on all numbers are set anew, in the same order as before if there is nothing new.
    pub(super) fn begin(&mut self) {
        self.set = 0;
        self.is_other = false;
    }

    /// Sets the next number.
    pub(in crate::crawl) fn set(&mut self, kind: &str, name: &str, value: u64) {
        let is_next = |known: &str| {
            let rest = known
                .strip_prefix(kind)
                .and_then(|rest| rest.strip_prefix(' '));
            rest == Some(name)
        };
        match self.list.get_mut(self.set) {
            Some((known, number)) if is_next(known) => *number = value,
            _ => {
                self.is_other = true;
                self.list.truncate(self.set);
                let mut known = String::with_capacity(kind.len() + 1 + name.len());
                // To a string, which takes all.
                let _ = write!(known, "{kind} {name}");
                self.list.push((known, value));
            }
        }
        self.set += 1;
    }

    /// Ends what [`begin`](Self::begin) has begun; tells whether the names are others than before.
    pub(super) fn end(&mut self) -> bool {
        let is_shorter = self.set < self.list.len();
        self.list.truncate(self.set);
        self.is_other || is_shorter
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_when_they_change() {
        let mut numbers = Numbers::default();
        let set = |numbers: &mut Numbers, list: &[(&str, &str, u64)]| {
            numbers.begin();
            for (kind, name, value) in list {
                numbers.set(kind, name, *value);
            }
            numbers.end()
        };
        assert!(set(&mut numbers, &[("file", "a", 1), ("total", "a", 2)]));
        assert!(!set(&mut numbers, &[("file", "a", 3), ("total", "a", 4)]));
        assert_eq!(
            (numbers.get("file", "a"), numbers.get("total", "a")),
            (3, 4)
        );
        assert_eq!(numbers.get("total", "b"), 0);
        assert!(set(&mut numbers, &[("file", "a", 3)]));
        assert!(set(&mut numbers, &[("file", "b", 5)]));
        assert_eq!(numbers.of_kind("file").collect::<Vec<_>>(), [("b", 5)]);
    }
}
