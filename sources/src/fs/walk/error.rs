//! What a walk cannot look at.

use std::{
    error::Error,
    fmt, io,
    path::{Path, PathBuf},
};

/// Something in a folder that could not be looked at or into, and why.
#[derive(Debug)]
pub struct WalkError {
    pub(super) path: PathBuf,
    pub(super) cause: io::Error,
}

impl WalkError {
    /// Gives the path of what could not be looked at or into.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Display for WalkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, cause } = self;
        write!(f, "cannot walk {}: {cause}", path.display())
    }
}

impl Error for WalkError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}
