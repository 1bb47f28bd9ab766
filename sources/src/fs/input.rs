//! A file that is to be read, as it is or decompressed.

use std::path::{Path, PathBuf};

use tokio::{fs::File, io::AsyncRead};

use crate::line_source::{Opening, Origin};

/// An open file. Every read is a trip to another thread, so one virtual call more is nothing.
pub(super) type Opened = Box<dyn AsyncRead + Send + Unpin>;

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
}

impl Origin for Input {
    type Reader = Opened;

    // Every read is a trip to another thread, so it should be worth it.
    const READ_AT_ONCE: usize = 64 * 1024;

    fn name(&self) -> String {
        self.path.display().to_string()
    }

    fn open(&self) -> Opening<Opened> {
        let path = self.path.clone();
        #[cfg(feature = "compression")]
        if self.decompress {
            return Box::pin(super::decompress::open(path));
        }
        Box::pin(async { Ok(Box::new(File::open(path).await?) as Opened) })
    }
}
