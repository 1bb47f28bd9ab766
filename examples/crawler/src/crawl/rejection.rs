//! Why URLs that were found are not fetched, and how many for each reason.

use std::fmt;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// Why a URL that was found is not fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rejection {
    /// It is no address of a page: of another scheme, such as `mailto:`, or none at all.
    NoUrl,
    /// The page or the link asks not to follow it (`--obey`).
    Nofollow,
    /// It is longer than any URL that is followed.
    TooLong,
    /// It lies outside of the scope.
    OutOfScope,
    /// It ends in the extension of a file that is not asked for (`--skip-extensions`).
    Extension,
    /// No expression that URLs have to match does (`--include`).
    NotIncluded,
    /// An expression that URLs may not match does (`--exclude`).
    Excluded,
    /// A segment stands in its path too often (`--max-repeats`).
    RepeatingPath,
    /// Too many links lead to it from a start (`--max-depth`).
    TooDeep,
    /// Too many redirects in a row lead to it.
    Redirects,
    /// Its host has too many URLs of its pattern, as calendars do (`--max-per-pattern`).
    PatternBudget,
    /// Its host has as many URLs as one may have (`--max-pages-per-host`).
    HostBudget,
    /// The robots.txt of its site disallows it.
    Robots,
    /// The robots.txt of its site cannot be read, so all is disallowed.
    NoRobots,
    /// It would be fetched, were it not a dry run (`--dry-run`).
    DryRun,
}

impl Rejection {
    /// Every reason, in the order in which they are told.
    pub const ALL: [Self; 15] = [
        Self::NoUrl,
        Self::Nofollow,
        Self::TooLong,
        Self::OutOfScope,
        Self::Extension,
        Self::NotIncluded,
        Self::Excluded,
        Self::RepeatingPath,
        Self::TooDeep,
        Self::Redirects,
        Self::PatternBudget,
        Self::HostBudget,
        Self::Robots,
        Self::NoRobots,
        Self::DryRun,
    ];

    /// The reason as it is written to files: one word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NoUrl => "no_url",
            Self::Nofollow => "nofollow",
            Self::TooLong => "too_long",
            Self::OutOfScope => "out_of_scope",
            Self::Extension => "extension",
            Self::NotIncluded => "not_included",
            Self::Excluded => "excluded",
            Self::RepeatingPath => "repeating_path",
            Self::TooDeep => "too_deep",
            Self::Redirects => "redirects",
            Self::PatternBudget => "pattern_budget",
            Self::HostBudget => "host_budget",
            Self::Robots => "robots",
            Self::NoRobots => "no_robots",
            Self::DryRun => "dry_run",
        }
    }
}

/// The reason as people read it.
impl fmt::Display for Rejection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::NoUrl => "no URL of a page",
            Self::Nofollow => "nofollow",
            Self::TooLong => "too long",
            Self::OutOfScope => "out of scope",
            Self::Extension => "by extension",
            Self::NotIncluded => "not included",
            Self::Excluded => "excluded",
            Self::RepeatingPath => "repeating path",
            Self::TooDeep => "too deep",
            Self::Redirects => "many redirects",
            Self::PatternBudget => "many of a kind",
            Self::HostBudget => "many of a host",
            Self::Robots => "denied by robots",
            Self::NoRobots => "robots not known",
            Self::DryRun => "dry run",
        })
    }
}

/// How many URLs were rejected for each reason. Serialised as a map of those that occurred.
///
/// A URL that is found on several pages counts on each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rejections([u64; Rejection::ALL.len()]);

impl Rejections {
    /// Counts one more.
    pub fn count(&mut self, reason: Rejection) {
        self.0[reason as usize] += 1;
    }

    /// Adds the counts of `other`.
    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine += theirs;
        }
    }

    /// Sets how many were rejected for the reason of this name; nothing if there is no such reason.
    pub(crate) fn set(&mut self, name: &str, count: u64) {
        let place = Rejection::ALL
            .iter()
            .position(|reason| reason.name() == name);
        if let Some(place) = place {
            self.0[place] = count;
        }
    }

    /// Counts none for this reason.
    pub(crate) fn forget(&mut self, reason: Rejection) {
        self.0[reason as usize] = 0;
    }

    /// How many were rejected for this reason.
    #[must_use]
    pub fn of(&self, reason: Rejection) -> u64 {
        self.0[reason as usize]
    }

    /// The reasons that occurred, and how often.
    pub fn iter(&self) -> impl Iterator<Item = (Rejection, u64)> {
        Rejection::ALL
            .into_iter()
            .zip(self.0)
            .filter(|(_, count)| *count > 0)
    }
}

impl Serialize for Rejections {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.iter().count()))?;
        for (reason, count) in self.iter() {
            map.serialize_entry(reason.name(), &count)?;
        }
        map.end()
    }
}

/// A URL that was found and is not fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RejectedUrl {
    /// The URL.
    pub url: String,
    /// Where it was found.
    pub referrer: Option<std::sync::Arc<str>>,
    /// Why it is not fetched.
    pub reason: Rejection,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_its_place_and_its_name() {
        for (place, reason) in Rejection::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, place);
            let json = serde_json::to_string(&reason).expect("to memory");
            assert_eq!(json, format!("\"{}\"", reason.name()));
        }
    }

    #[test]
    fn what_occurred_is_told() {
        let mut rejections = Rejections::default();
        rejections.count(Rejection::Robots);
        let mut more = Rejections::default();
        more.count(Rejection::Robots);
        more.count(Rejection::TooDeep);
        rejections.add(&more);
        assert_eq!(rejections.of(Rejection::Robots), 2);
        let json = serde_json::to_string(&rejections).expect("to memory");
        assert_eq!(json, r#"{"too_deep":1,"robots":2}"#);
    }
}
