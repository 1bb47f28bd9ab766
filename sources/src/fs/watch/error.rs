//! Why something could not be watched.

use std::{
    error::Error,
    fmt, io,
    path::{Path, PathBuf},
};

/// A path that cannot be watched, or not any more, and why.
#[derive(Debug)]
pub struct WatchError {
    path: PathBuf,
    cause: io::Error,
}

impl WatchError {
    pub(super) fn new(path: &Path, error: notify::Error) -> Self {
        let cause = match error.kind {
            notify::ErrorKind::Io(cause) => cause,
            notify::ErrorKind::PathNotFound => io::ErrorKind::NotFound.into(),
            notify::ErrorKind::MaxFilesWatch => io::Error::other(
                "the system watches as many files as it may; on Linux raise fs.inotify.max_user_watches",
            ),
            _ => io::Error::other(error.to_string()),
        };
        let path = path.to_owned();
        Self { path, cause }
    }

    /// Gives the path that was to be watched.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Display for WatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, cause } = self;
        write!(f, "cannot watch {}: {cause}", path.display())
    }
}

impl Error for WatchError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}
