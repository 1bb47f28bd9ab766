//! The count of what became of the cases of a family.

use std::path::Path;

use serde::Deserialize;

use crate::folder;

/// A case that is not met, and why.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Deviation {
    family: String,
    /// What the case is about: an address, for most.
    case: String,
    why: String,
}

/// What became of the cases of one family.
pub(crate) struct Tally {
    family: &'static str,
    /// Of a hundred cases, so many must pass at least.
    enough: usize,
    passed: usize,
    skipped: usize,
    note: Option<String>,
    misses: Vec<(String, String)>,
}

impl Tally {
    pub(crate) fn new(family: &'static str, enough: usize) -> Self {
        Self {
            family,
            enough,
            passed: 0,
            skipped: 0,
            note: None,
            misses: Vec::new(),
        }
    }

    /// Counts a case about `case`; `describe` tells what is wrong if it has not `passed`.
    pub(crate) fn count(&mut self, case: &str, passed: bool, describe: impl FnOnce() -> String) {
        if passed {
            self.passed += 1;
        } else {
            self.misses.push((case.to_owned(), describe()));
        }
    }

    /// Counts a case that asks for an option that a crawler does not have.
    pub(crate) fn skip(&mut self) {
        self.skipped += 1;
    }

    /// Adds a remark to the count.
    pub(crate) fn note(&mut self, note: String) {
        self.note = Some(note);
    }

    fn all(&self) -> usize {
        self.passed + self.misses.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all() == 0
    }

    pub(crate) fn is_enough(&self) -> bool {
        self.passed * 100 >= self.all() * self.enough
    }

    /// Prints each case that is not met, with the reason if that is known.
    pub(crate) fn print_misses(&self) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/deviations.json");
        let deviations: Vec<Deviation> = folder::read(&path);
        for (case, what) in &self.misses {
            let known = deviations
                .iter()
                .find(|known| known.family == self.family && known.case == *case)
                .map_or("not explained", |known| &known.why);
            println!("{}: {what}\n  ({known})", self.family);
        }
    }

    pub(crate) fn print_count(&self) {
        let (family, passed, all) = (self.family, self.passed, self.all());
        let skipped = match self.skipped {
            0 => String::new(),
            skipped => format!(" ({skipped} skipped: options that a crawler does not have)"),
        };
        let note = match &self.note {
            None => String::new(),
            Some(note) => format!(" ({note})"),
        };
        println!("{family}: {passed} of {all}{skipped}{note}");
    }
}
