//! A file that is to be written.

use std::{io, path::Path, path::PathBuf};

use tokio::fs::{File, OpenOptions};

use crate::output::Destination;

pub(crate) struct FilePath {
    path: PathBuf,
    append: bool,
}

impl FilePath {
    pub(crate) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            append: false,
        }
    }

    pub(crate) fn append(&mut self) {
        self.append = true;
    }
}

impl Destination for FilePath {
    type Writer = File;

    fn name(&self) -> String {
        self.path.display().to_string()
    }

    async fn open(&mut self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.create(true);
        if self.append {
            options.append(true);
        } else {
            options.write(true).truncate(true);
        }
        options.open(&self.path).await
    }

    /// Waits until the file is on the disk: a run that came to a good end has lost nothing.
    async fn close(file: &mut File) -> io::Result<()> {
        match file.sync_all().await {
            // Pipes and devices have no disk to wait for.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
            synced => synced,
        }
    }
}
