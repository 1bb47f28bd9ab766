//! A file that is to be read, as it is or decompressed.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use tokio::task::spawn_blocking;

use super::unblocked::Unblocked;
use crate::line_source::{Opening, Origin};

#[derive(Clone, Debug)]
pub(super) struct Input {
    path: PathBuf,
    #[cfg(feature = "compression")]
    decompress: bool,
}

impl Input {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            #[cfg(feature = "compression")]
            decompress: false,
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    #[cfg(feature = "compression")]
    pub(super) fn decompress(&mut self) {
        self.decompress = true;
    }

    fn read(&self) -> io::Result<Box<dyn Read + Send>> {
        let file = File::open(&self.path)?;
        #[cfg(feature = "compression")]
        if self.decompress {
            return super::decompress::decompress(file);
        }
        Ok(Box::new(file))
    }
}

impl Origin for Input {
    type Reader = Unblocked;

    fn name(&self) -> String {
        self.path.display().to_string()
    }

    fn open(&self) -> Opening<Unblocked> {
        let input = self.clone();
        let opening = spawn_blocking(move || input.read().map(Unblocked::new));
        Box::pin(async { opening.await.map_err(io::Error::other)? })
    }
}
