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

    /// Opens it. Blocks.
    pub(super) fn read(&self) -> io::Result<Readable> {
        let file = File::open(&self.path)?;
        let is_file = file.metadata()?.is_file();
        #[cfg(feature = "compression")]
        if self.decompress {
            let reader = super::decompress::decompress(file)?;
            return Ok(Readable { reader, is_file });
        }
        let reader = Box::new(file);
        Ok(Readable { reader, is_file })
    }
}

/// Something that is open.
pub(super) struct Readable {
    pub(super) reader: Box<dyn Read + Send>,
    /// Not a pipe or a device, where reading on may have to wait for somebody.
    pub(super) is_file: bool,
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
