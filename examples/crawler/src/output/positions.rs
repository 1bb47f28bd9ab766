//! How long each file of a crawl is at a moment.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The length of each file that still grows, in bytes, by its path within the directory of the crawl.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Positions(BTreeMap<String, u64>);

impl Positions {
    /// The length of the file called `name`; none if it is not among them.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<u64> {
        self.0.get(name).copied()
    }

    /// Sets the length of the file called `name`.
    pub fn set(&mut self, name: impl Into<String>, bytes: u64) {
        self.0.insert(name.into(), bytes);
    }

    /// All files and their lengths, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(name, &bytes)| (name.as_str(), bytes))
    }
}
