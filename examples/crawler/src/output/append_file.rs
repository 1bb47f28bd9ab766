//! A file that only grows, and can be cut back to where it was whole.

use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde::Serialize;
use tokio::fs::{File, OpenOptions};
use tokio::io::{AsyncSeekExt, AsyncWriteExt};

use super::error::{Attempt, OutputError};

/// What is gathered before it is handed to the system: enough that the calls do not count.
const WRITE_SIZE: usize = 64 * 1024;

/// A file that is appended to, through a buffer.
///
/// Appending touches memory only and cannot fail. What was appended is in the file after
/// [`write_out`](Self::write_out), where it survives the death of the process, and on the disk after
/// [`sync`](Self::sync), where it survives that of the machine. What neither has reached is lost with the value.
#[derive(Debug)]
pub struct AppendFile {
    path: PathBuf,
    file: File,
    buffer: Vec<u8>,
    /// How much of the buffer the file has taken.
    taken: usize,
    /// The length of the file without the buffer.
    length: u64,
}

impl AppendFile {
    /// Makes an empty file, in place of an earlier one.
    ///
    /// # Errors
    ///
    /// [`OutputError`] if it cannot be made.
    pub async fn create(path: &Path) -> Result<Self, OutputError> {
        let file = File::create(path)
            .await
            .map_err(|source| OutputError::new(Attempt::CreateFile, path, source))?;
        Ok(Self::new(path, file, 0))
    }

    /// Opens a file that is there, and cuts off all behind `position`.
    ///
    /// # Errors
    ///
    /// [`OutputError`] if there is none, it is shorter than that, or cannot be cut.
    pub async fn open(path: &Path, position: u64) -> Result<Self, OutputError> {
        let file = cut(path, position)
            .await
            .map_err(|source| OutputError::new(Attempt::Reopen, path, source))?;
        Ok(Self::new(path, file, position))
    }

    fn new(path: &Path, file: File, length: u64) -> Self {
        Self {
            path: path.to_owned(),
            file,
            buffer: Vec::new(),
            taken: 0,
            length,
        }
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How long the file is with all that was appended.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.length + (self.buffer.len() - self.taken) as u64
    }

    /// Appends bytes, to memory.
    pub fn append(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Appends `value` as a line of JSON, to memory.
    ///
    /// # Errors
    ///
    /// [`OutputError`] if `value` has no form in JSON; then nothing is appended.
    pub fn append_json(&mut self, value: &impl Serialize) -> Result<(), OutputError> {
        let before = self.buffer.len();
        match serde_json::to_writer(&mut self.buffer, value) {
            Ok(()) => {
                self.buffer.push(b'\n');
                Ok(())
            }
            Err(error) => {
                self.buffer.truncate(before);
                Err(self.failed(error.into()))
            }
        }
    }

    /// Reads the line that begins at `position`, without its end.
    ///
    /// # Errors
    ///
    /// [`OutputError`] if it cannot be read, or there is none.
    pub async fn line_at(&mut self, position: u64) -> Result<Vec<u8>, OutputError> {
        let in_file = self.length - self.taken as u64;
        if let Some(buffered) = position.checked_sub(in_file) {
            let rest = usize::try_from(buffered)
                .ok()
                .and_then(|start| self.buffer.get(start..))
                .unwrap_or_default();
            return Ok(rest
                .split(|&byte| byte == b'\n')
                .next()
                .unwrap_or_default()
                .to_vec());
        }
        self.file
            .flush()
            .await
            .map_err(|source| self.failed(source))?;
        let path = self.path.clone();
        tokio::task::spawn_blocking(move || read_line(&path, position))
            .await
            .unwrap_or_else(|panicked| Err(io::Error::other(panicked)))
            .map_err(|source| OutputError::new(Attempt::ReadBack, &self.path, source))
    }

    /// Hands over what was appended if it is worth a call of the system.
    ///
    /// # Errors
    ///
    /// [`OutputError`] if it cannot be written.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: nothing is lost or written twice.
    pub async fn write_if_full(&mut self) -> Result<(), OutputError> {
        if self.buffer.len() >= WRITE_SIZE {
            self.write_buffer().await?;
        }
        Ok(())
    }

    /// Hands all that was appended to the system, and waits until it has it.
    ///
    /// # Errors
    ///
    /// [`OutputError`] if it cannot be written; the file may then end anywhere.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: nothing is lost or written twice.
    pub async fn write_out(&mut self) -> Result<(), OutputError> {
        self.write_buffer().await?;
        // The last write may still be under way in another thread.
        self.file
            .flush()
            .await
            .map_err(|source| self.failed(source))
    }

    /// Writes out, and waits until all is on the disk.
    ///
    /// # Errors
    ///
    /// [`OutputError`] if it cannot be written.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: nothing is lost or written twice.
    pub async fn sync(&mut self) -> Result<(), OutputError> {
        self.write_out().await?;
        synced(self.file.sync_data().await).map_err(|source| self.failed(source))
    }

    /// What brings all that the file has to the disk, on a thread that may wait, while others write to it.
    ///
    /// # Errors
    ///
    /// [`OutputError`] if the system has no more handles.
    pub(super) async fn to_sync(
        &self,
    ) -> Result<impl FnOnce() -> Result<(), OutputError> + Send + use<>, OutputError> {
        let path = self.path.clone();
        let failed = move |source| OutputError::new(Attempt::Write, &path, source);
        match self.file.try_clone().await {
            Ok(file) => {
                let file = file.into_std().await;
                Ok(move || synced(file.sync_data()).map_err(failed))
            }
            Err(source) => Err(failed(source)),
        }
    }

    async fn write_buffer(&mut self) -> Result<(), OutputError> {
        while self.taken < self.buffer.len() {
            match self.file.write(&self.buffer[self.taken..]).await {
                Ok(0) => return Err(self.failed(io::ErrorKind::WriteZero.into())),
                Ok(count) => {
                    self.taken += count;
                    self.length += count as u64;
                }
                Err(source) => return Err(self.failed(source)),
            }
        }
        self.buffer.clear();
        // One large batch is no reason to keep its memory.
        self.buffer.shrink_to(2 * WRITE_SIZE);
        self.taken = 0;
        Ok(())
    }

    fn failed(&self, source: io::Error) -> OutputError {
        OutputError::new(Attempt::Write, &self.path, source)
    }
}

/// A pipe is on no disk, so there is nothing to wait for.
fn synced(result: io::Result<()>) -> io::Result<()> {
    result.or_else(|error| match error.kind() {
        io::ErrorKind::InvalidInput => Ok(()),
        _ => Err(error),
    })
}

fn read_line(path: &Path, position: u64) -> io::Result<Vec<u8>> {
    let mut file = std::fs::File::open(path)?;
    file.seek(SeekFrom::Start(position))?;
    let mut line = Vec::new();
    // Lines are short: most are in the first read.
    BufReader::with_capacity(2048, file).read_until(b'\n', &mut line)?;
    line.pop_if(|last| *last == b'\n');
    Ok(line)
}

/// Opens a file for appending and cuts it to `position` bytes.
async fn cut(path: &Path, position: u64) -> io::Result<File> {
    let mut file = OpenOptions::new().write(true).open(path).await?;
    let length = file.metadata().await?.len();
    if length < position {
        return Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            format!("it has {length} bytes, and {position} were written"),
        ));
    }
    if length > position {
        file.set_len(position).await?;
    }
    file.seek(SeekFrom::Start(position)).await?;
    Ok(file)
}
