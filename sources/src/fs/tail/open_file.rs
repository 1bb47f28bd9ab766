//! One open file: reads on where it grew, and tells whole lines.

use std::{
    collections::VecDeque,
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    path::Path,
    sync::Arc,
};

use memchr::{memchr, memrchr};
use tokio::time::Instant;

use super::{
    block::Block,
    error::TailError,
    event::News,
    line::Line,
    position::{FileId, Head, Position, Stamp, is_removed, modified},
};

/// Bytes that are read at once: every look is a trip to another thread, so it should be worth it.
const AT_ONCE: u64 = 256 * 1024;

/// Where to begin in a file.
#[derive(Clone, Copy)]
pub(super) enum At {
    Start,
    End,
}

pub(super) struct OpenFile {
    file: File,
    pub(super) stamp: Arc<Stamp>,
    /// The first bytes, as far as they were there.
    head: Vec<u8>,
    /// The beginning of a line whose end has not come yet.
    begun: Vec<u8>,
    /// The end of what was read.
    read_to: u64,
    /// As it was seen last.
    length: u64,
    /// In the middle of a line that does not come.
    skipping: bool,
    /// Whether everything was read when it was looked at last.
    pub(super) at_end: bool,
    /// When the path began to lead elsewhere, or when it grew after that.
    pub(super) left: Option<Instant>,
}

impl OpenFile {
    pub(super) fn open(followed: &Arc<Path>, actual: &Path, at: At) -> io::Result<Self> {
        let mut file = File::open(actual)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let head = read_head(&mut file)?;
        let length = metadata.len();
        let offset = match at {
            At::Start => 0,
            At::End => length,
        };
        let skipping = matches!(at, At::End) && !ends_a_line(&mut file, length)?;
        let stamp = Stamp {
            path: Arc::clone(followed),
            file: FileId::of(&metadata),
            head: Head::of(&head),
            modified: modified(&metadata),
        };
        Ok(Self {
            file,
            stamp: Arc::new(stamp),
            head,
            begun: Vec::new(),
            read_to: offset,
            length,
            skipping,
            at_end: false,
            left: None,
        })
    }

    /// Goes to a position that was saved, if it is one in this file.
    pub(super) fn go_to(&mut self, position: &Position) -> bool {
        if self.length < position.offset || !position.head.begins(&self.head) {
            return false;
        }
        self.read_to = position.offset;
        true
    }

    pub(super) fn position(&self) -> Position {
        self.stamp.at(self.read_to)
    }

    pub(super) fn is_removed(&self) -> bool {
        self.file
            .metadata()
            .is_ok_and(|metadata| is_removed(&metadata))
    }

    pub(super) fn is_read_to_the_end(&self) -> bool {
        self.read_to == self.length
    }

    /// Reads on, a piece at most, into `room` if there is any; tells whether there was anything.
    pub(super) fn read(
        &mut self,
        max_length: usize,
        room: &mut Vec<u8>,
        news: &mut VecDeque<News>,
    ) -> io::Result<bool> {
        let metadata = self.file.metadata()?;
        let (length, modified) = (metadata.len(), modified(&metadata));
        let changed = length != self.length || modified != self.stamp.modified;
        if changed {
            let head = read_head(&mut self.file)?;
            if length < self.read_to || !self.stamp.head.begins(&head) {
                self.start_over(news);
            }
            self.stamp = Arc::new(Stamp {
                path: Arc::clone(&self.stamp.path),
                file: self.stamp.file,
                head: Head::of(&head),
                modified,
            });
            self.head = head;
            self.length = length;
        }
        // Also after an attempt that came to nothing.
        self.file.seek(SeekFrom::Start(self.read_to))?;
        room.clear();
        room.extend_from_slice(&self.begun);
        let read = (&mut self.file).take(AT_ONCE).read_to_end(room)?;
        self.read_to += read as u64;
        self.length = self.length.max(self.read_to);
        self.at_end = (read as u64) < AT_ONCE;
        if read > 0 {
            self.tell(max_length, room, news);
        }
        Ok(read > 0)
    }

    /// Tells the whole lines of `room`, which becomes empty, and keeps what may become one, within bounds.
    fn tell(&mut self, max_length: usize, room: &mut Vec<u8>, news: &mut VecDeque<News>) {
        let start = self.read_to - room.len() as u64;
        let whole = memrchr(b'\n', &room[self.begun.len()..]).map(|end| self.begun.len() + end + 1);
        self.begun.clear();
        let whole = whole.unwrap_or_default();
        if !self.skipping || whole > 0 {
            self.begun.extend_from_slice(&room[whole..]);
        }
        if whole > 0 {
            let mut bytes = std::mem::take(room);
            bytes.truncate(whole);
            let skipped = if std::mem::take(&mut self.skipping) {
                memchr(b'\n', &bytes).map_or(whole, |end| end + 1)
            } else {
                0
            };
            let block = Block::new(Arc::clone(&self.stamp), start, bytes, skipped);
            news.push_back(News::Lines(block));
        }
        // One more than the limit may be the first half of a `\r\n`.
        if self.begun.len() > max_length.saturating_add(1) {
            let path = self.stamp.path.to_path_buf();
            let offset = self.read_to - self.begun.len() as u64;
            let limit = max_length;
            let trouble = TailError::TooLong {
                path,
                offset,
                limit,
            };
            news.push_back(trouble.into());
            self.skipping = true;
            self.begun = Vec::new();
        }
    }

    /// It was truncated, or written anew: nothing of what was known holds.
    fn start_over(&mut self, news: &mut VecDeque<News>) {
        news.extend(self.rest().map(News::from));
        let unread = self.length.saturating_sub(self.read_to);
        if unread > 0 {
            let path = self.stamp.path.to_path_buf();
            news.push_back(TailError::Truncated { path, unread }.into());
        }
        self.begun.clear();
        self.read_to = 0;
        self.skipping = false;
    }

    /// Takes the line that has no end yet, as it is.
    pub(super) fn rest(&mut self) -> Option<Line> {
        if self.begun.is_empty() {
            return None;
        }
        Some(Line {
            stamp: Arc::clone(&self.stamp),
            start: self.read_to - self.begun.len() as u64,
            end: self.read_to,
            bytes: std::mem::take(&mut self.begun),
            ended: false,
        })
    }
}

fn read_head(file: &mut File) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(u64::from(Head::LENGTH)).read_to_end(&mut head)?;
    Ok(head)
}

fn ends_a_line(file: &mut File, length: u64) -> io::Result<bool> {
    let Some(last) = length.checked_sub(1) else {
        return Ok(true);
    };
    let mut byte = Vec::new();
    file.seek(SeekFrom::Start(last))?;
    file.take(1).read_to_end(&mut byte)?;
    Ok(byte == *b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_line_that_is_too_long_no_more_is_held_than_is_read_at_once() -> io::Result<()> {
        const LIMIT: usize = 1000;
        let folder = tempfile::tempdir()?;
        let path: Arc<Path> = folder.path().join("app.log").into();
        // It takes no room on the disk: all of it is a hole.
        File::create(&path)?.set_len(100 * AT_ONCE)?;
        let mut file = OpenFile::open(&path, &path, At::Start)?;
        let (mut room, mut news) = (Vec::new(), VecDeque::new());
        let mut looks = 0;
        while file.read(LIMIT, &mut room, &mut news)? {
            looks += 1;
            assert!(file.begun.capacity() <= LIMIT + 1);
            // Room doubles as it grows.
            assert!(room.capacity() as u64 <= 2 * AT_ONCE, "{}", room.capacity());
        }
        assert_eq!((looks, news.len()), (100, 1));
        Ok(())
    }
}
