//! Paths by a pattern of the shell, and which of them there are.

use std::{
    collections::BTreeSet,
    env,
    error::Error,
    ffi::OsStr,
    fmt, io,
    path::{Path, PathBuf},
};

use glob::{MatchOptions, Pattern};

/// As in a shell: a `*` goes to the end of a name, and names that begin with a dot have to be asked for.
pub(super) const AS_A_SHELL: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

/// As a name: any number of folders.
pub(super) const ANY_LEVEL: &str = "**";

/// A pattern of paths whose files are followed.
#[derive(Clone, Debug)]
pub(super) struct PathPattern(Pattern);

impl PathPattern {
    pub(super) fn new(text: &str) -> Result<Self, PatternError> {
        let wrong = |error: glob::PatternError| PatternError {
            pattern: text.to_owned(),
            position: error.pos,
            reason: error.msg,
        };
        // As paths are found: without `./` in front, and with one separator between names.
        let mut path: PathBuf = Path::new(text).components().collect();
        path = path.strip_prefix(".").map_or(path.clone(), Path::to_owned);
        if path.ends_with(ANY_LEVEL) {
            path.push("*");
        }
        for name in path.iter().filter_map(OsStr::to_str) {
            Pattern::new(name).map_err(wrong)?;
        }
        let whole = path.to_str().unwrap_or(text);
        if whole.is_empty() {
            return Err(PatternError {
                pattern: text.to_owned(),
                position: 0,
                reason: "it names no file",
            });
        }
        Pattern::new(whole).map(Self).map_err(wrong)
    }

    /// Gives the pattern as it is looked for.
    #[cfg(feature = "watch")]
    pub(super) fn path(&self) -> &Path {
        Path::new(self.0.as_str())
    }

    /// Finds the files that there are, in order of their paths, and the folders that cannot be looked into.
    pub(super) fn files(&self) -> (BTreeSet<PathBuf>, Vec<(PathBuf, io::Error)>) {
        let (mut files, mut troubles) = (BTreeSet::new(), Vec::new());
        for found in find(self.0.as_str()) {
            match found {
                // What is no file would hold up who opens it, or has no lines.
                Ok(path) if path.is_file() => {
                    files.insert(path);
                }
                Ok(_) => {}
                Err(error) if error.error().kind() == io::ErrorKind::NotFound => {}
                Err(error) => troubles.push((error.path().to_owned(), error.into())),
            }
        }
        (files, troubles)
    }

    /// Tells how the pattern would find a path that begins at the root.
    pub(super) fn find(&self, path: &Path) -> Option<PathBuf> {
        let path = if Path::new(self.0.as_str()).is_absolute() {
            path.to_owned()
        } else {
            path.strip_prefix(env::current_dir().ok()?).ok()?.to_owned()
        };
        let is_one = self.0.matches_path_with(&path, AS_A_SHELL);
        is_one.then_some(path)
    }
}

/// Finds what there is. The pattern, or that of which it is a part, was tried before.
pub(super) fn find(pattern: &str) -> impl Iterator<Item = glob::GlobResult> {
    let found = glob::glob_with(pattern, AS_A_SHELL);
    found.into_iter().flatten()
}

/// A text that is not a pattern of paths; see [`tail_glob`](super::tail_glob).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternError {
    pattern: String,
    position: usize,
    reason: &'static str,
}

impl PatternError {
    /// Gives the text.
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// Gives the number of characters before what is wrong, more or less.
    pub fn position(&self) -> usize {
        self.position
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            pattern,
            position,
            reason,
        } = self;
        write!(
            f,
            "`{pattern}` is not a pattern of paths: {reason}, at character {position}"
        )
    }
}

impl Error for PatternError {}
