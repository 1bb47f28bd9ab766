//! The folder that the cases are in.

use std::path::{Path, PathBuf};
use std::{env, fmt, fs};

use serde::de::DeserializeOwned;

/// A folder with files of cases.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// The one that `CRAWL_CASES` names, which may be relative to this package or to a folder that it lies in; else that
    /// of this test.
    pub(crate) fn of_environment() -> Self {
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        let Some(named) = env::var_os("CRAWL_CASES").map(PathBuf::from) else {
            return Self(package.join("tests/cases"));
        };
        let found = package
            .ancestors()
            .map(|folder| folder.join(&named))
            .find(|folder| folder.is_dir());
        Self(found.unwrap_or_else(|| panic!("CRAWL_CASES names no folder: {}", named.display())))
    }

    /// Reads the cases of all files of the family `name`.
    pub(crate) fn cases<T: DeserializeOwned>(&self, name: &str) -> Vec<T> {
        self.load::<Vec<T>>(name).into_iter().flatten().collect()
    }

    /// Reads all files of the family `name`: those with it in their name, such as `link_cases.json`.
    pub(crate) fn load<T: DeserializeOwned>(&self, name: &str) -> Vec<T> {
        let mut paths: Vec<PathBuf> = fs::read_dir(&self.0)
            .unwrap_or_else(|error| panic!("listing {self}: {error}"))
            .map(|entry| entry.expect("a folder that can be listed").path())
            .filter(|path| {
                let is_json = path
                    .extension()
                    .is_some_and(|extension| extension == "json");
                let file = path.file_stem().and_then(|file| file.to_str());
                is_json && file.is_some_and(|file| file.contains(name))
            })
            .collect();
        paths.sort();
        paths.iter().map(|path| read(path)).collect()
    }
}

/// Reads one file.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> T {
    let text = fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("reading {}: {error}", path.display()));
    serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("parsing {}: {error}", path.display()))
}

impl fmt::Display for Folder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(formatter)
    }
}
