//! Files and folders that the works read from and write to.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use tempfile::TempDir;

/// Bytes of a line, its end counted.
pub(super) const LINE: usize = 80;

/// Items of a work.
pub(super) const LINES: u64 = 400_000;

/// A folder that is filled when it is asked for the first time, and removed with its last clone.
#[derive(Clone)]
pub(super) struct Fixture {
    fill: fn(&Path),
    folder: Arc<OnceLock<TempDir>>,
}

impl Fixture {
    pub(super) fn new(fill: fn(&Path)) -> Self {
        Self {
            fill,
            folder: Arc::default(),
        }
    }

    /// Has nothing in it: for what is written.
    pub(super) fn empty() -> Self {
        Self::new(|_| {})
    }

    /// Has a file of lines at [`file`](Self::file).
    pub(super) fn of_lines() -> Self {
        Self::new(|folder| fs::write(folder.join("file"), text()).expect("a file can be written"))
    }

    pub(super) fn folder(&self) -> PathBuf {
        let filled = || {
            let folder = tempfile::tempdir().expect("a folder can be made");
            (self.fill)(folder.path());
            folder
        };
        self.folder.get_or_init(filled).path().to_owned()
    }

    pub(super) fn file(&self) -> PathBuf {
        self.folder().join("file")
    }
}

/// Gives the lines, one after the other, in one text.
pub(super) fn text() -> Vec<u8> {
    let mut text = Vec::new();
    for n in 0..LINES {
        // Writing into memory cannot fail.
        let _ = writeln!(text, "{}", line(n));
    }
    text
}

/// Makes a line of a log.
pub(super) fn line(n: u64) -> String {
    format!(
        "{n:08} INFO a request was answered with status 200 in {:>7} us, {:>9} B",
        n % 9973,
        n * 7
    )
}

/// Takes the sum of what is in a file that was written.
pub(super) fn length(path: &Path) -> u64 {
    fs::metadata(path).expect("the file was written").len()
}

/// Makes a number of a line that depends on its length and on what is in it.
#[inline]
pub(super) fn weigh(line: &[u8]) -> u64 {
    line.len() as u64 + u64::from(line.get(7).copied().unwrap_or_default())
}
