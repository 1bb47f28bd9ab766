//! Files of cases, and the count of what became of them.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::{env, fs};

use serde::de::DeserializeOwned;

/// Reads the case file called `name` of this package, and its namesake in the folder that `CRAWL_CASES` names; with each
/// comes where it is from.
pub(crate) fn load<T: DeserializeOwned>(name: &str) -> Vec<(&'static str, T)> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    [("tests/cases", Some(own)), ("CRAWL_CASES", further())]
        .into_iter()
        .filter_map(|(source, folder)| Some((source, folder?.join(name))))
        .map(|(source, path)| {
            let text = fs::read_to_string(&path)
                .unwrap_or_else(|error| panic!("reading {}: {error}", path.display()));
            let cases = serde_json::from_str(&text)
                .unwrap_or_else(|error| panic!("parsing {}: {error}", path.display()));
            (source, cases)
        })
        .collect()
}

/// The folder in `CRAWL_CASES`, which may be relative to this package or to a folder that it lies in.
fn further() -> Option<PathBuf> {
    let folder = PathBuf::from(env::var_os("CRAWL_CASES")?);
    let found = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|package| package.join(&folder))
        .find(|folder| folder.is_dir());
    Some(found.unwrap_or_else(|| panic!("CRAWL_CASES names no folder: {}", folder.display())))
}

/// What became of the cases of one kind from one source.
pub(crate) struct Tally {
    kind: &'static str,
    source: &'static str,
    passed: usize,
    deviations: usize,
    failures: Vec<String>,
}

impl Tally {
    pub(crate) fn new(kind: &'static str, source: &'static str) -> Self {
        Self {
            kind,
            source,
            passed: 0,
            deviations: 0,
            failures: Vec::new(),
        }
    }

    /// Counts a case. One that fails counts as a deviation where `known` tells why it must.
    pub(crate) fn count(
        &mut self,
        name: &str,
        passed: bool,
        known: Option<&str>,
        describe: impl FnOnce() -> String,
    ) {
        match known {
            _ if passed => self.passed += 1,
            Some(_) => self.deviations += 1,
            None => self.failures.push(format!("{name}: {}", describe())),
        }
    }

    /// Prints the count past the test harness, which would keep it to itself, and fails if a case has.
    pub(crate) fn finish(self) {
        let Self {
            kind,
            source,
            passed,
            deviations,
            failures,
        } = self;
        let (failed, all) = (failures.len(), passed + deviations + failures.len());
        writeln!(
            io::stderr(),
            "{kind}: {passed} passed, {failed} failed, {deviations} deviations, of {all} ({source})"
        )
        .expect("standard error is open");
        assert!(all > 0, "{kind}: no cases in {source}");
        assert!(failures.is_empty(), "{kind}:\n{}", failures.join("\n"));
    }
}
