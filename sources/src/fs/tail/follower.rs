//! Follows one path through all files that it leads to, one after the other.

use std::{collections::VecDeque, fs, io, path::Path, sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{
    error::TailError,
    event::{Event, Mark, News},
    open_file::{At, OpenFile},
    position::{FileId, Position, Stamp},
    readers::Readers,
    rotated::{ATTEMPTS, Neighbour, neighbours},
    source::Options,
};

/// Files that were read to their end and are remembered, so that they are not taken for new ones.
const REMEMBERED: usize = 64;

/// Where to begin with a path.
#[derive(Clone, Debug)]
pub(super) enum Start {
    Beginning,
    /// The end of the file that is there at the first look; those that come later are read from their beginning.
    End,
    /// Positions in the files that were not read to their end, the oldest first.
    Saved(Vec<Position>),
}

pub(super) struct Follower {
    path: Arc<Path>,
    start: Option<Start>,
    /// Whether it has told where it began.
    has_begun: bool,
    linger: Duration,
    /// The files that are read, the oldest first.
    files: VecDeque<OpenFile>,
    /// Whether the path leads to the last of them.
    has_current: bool,
    /// The latest change of a file that is known; `None` until there was one.
    newest: Option<u64>,
    finished: VecDeque<Position>,
    /// The last file that was read to its end or is gone.
    last: Option<Arc<Stamp>>,
    max_length: usize,
    news: VecDeque<News>,
    complaint: Option<io::ErrorKind>,
}

impl Follower {
    pub(super) fn new(path: Arc<Path>, start: Start, options: &Options) -> Self {
        Self {
            path,
            start: Some(start),
            has_begun: false,
            linger: options.linger,
            files: VecDeque::new(),
            has_current: false,
            newest: None,
            finished: VecDeque::new(),
            last: None,
            max_length: options.max_length,
            news: VecDeque::new(),
            complaint: None,
        }
    }

    /// Opens the files in which positions were saved, before any other path can lead to one of them.
    pub(super) fn resume(&mut self, now: Instant, readers: &mut Readers) {
        if let Some(Start::Saved(saved)) =
            self.start.take_if(|start| matches!(start, Start::Saved(_)))
        {
            self.restore(saved, now, readers);
        }
    }

    /// Looks where the path leads and reads on, a piece at most, into `room`; tells whether there may be more.
    pub(super) fn look(&mut self, now: Instant, room: &mut Vec<u8>, readers: &mut Readers) -> bool {
        match self.try_look(now, room, readers) {
            Ok(more) => {
                self.complaint = None;
                more
            }
            Err(cause) => {
                let kind = cause.kind();
                if self.complaint.replace(kind) != Some(kind) {
                    let path = self.path.to_path_buf();
                    let trouble = TailError::Unreadable { path, cause };
                    self.news.push_back(trouble.into());
                }
                false
            }
        }
    }

    fn try_look(
        &mut self,
        now: Instant,
        room: &mut Vec<u8>,
        readers: &mut Readers,
    ) -> io::Result<bool> {
        let at = match self.start.take() {
            Some(Start::End) => At::End,
            _ => At::Start,
        };
        if self.newest.is_none() {
            self.pass_over_older();
        }
        // A path that cannot be looked at is no reason not to read what is open.
        let looked = self.look_at_path(at, now, readers);
        let read = self.read(now, room);
        self.finish(now, readers);
        looked?;
        read
    }

    fn look_at_path(&mut self, at: At, now: Instant, readers: &mut Readers) -> io::Result<()> {
        let metadata = match fs::metadata(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.leave(now);
                return Ok(());
            }
            looked => looked?,
        };
        let file = FileId::of(&metadata);
        if self.has_current && self.current() == Some(file) {
            return Ok(());
        }
        if readers.has_another(file, &self.path) {
            // By a link or a rename; it is taken over once that path is done with it.
            self.leave(now);
            return Ok(());
        }
        // Opened before it is looked for others, so that those are older.
        let mut file = match OpenFile::open(&self.path, &self.path, at) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            opened => opened?,
        };
        self.leave(now);
        let id = file.stamp.file;
        if let Some(index) = self.files.iter().position(|file| file.stamp.file == id) {
            // It was away and is back.
            if let Some(mut known) = self.files.remove(index) {
                known.left = None;
                self.files.push_back(known);
            }
        } else {
            self.skip_finished(&mut file, readers);
            self.find_missed(id, now, readers);
            self.push(file, readers);
        }
        self.has_current = true;
        Ok(())
    }

    /// There was no file at the first look: what has a rotated name by now is not one that came and went later.
    fn pass_over_older(&mut self) {
        let mut older = neighbours(&self.path);
        older.retain(|neighbour| neighbour.is_rotated);
        self.newest = Some(older.last().map_or(0, |last| last.modified));
        let remembered = older.iter().rev().take(REMEMBERED).rev();
        self.finished.extend(remembered.map(Neighbour::end));
    }

    /// Gives the newest file that is read.
    pub(super) fn current(&self) -> Option<FileId> {
        self.files.back().map(|file| file.stamp.file)
    }

    /// The path does not lead to the current file any more, which is read on for a while.
    fn leave(&mut self, now: Instant) {
        if std::mem::take(&mut self.has_current)
            && let Some(file) = self.files.back_mut()
        {
            file.left = Some(now);
        }
    }

    fn push(&mut self, file: OpenFile, readers: &mut Readers) {
        readers.begin(file.stamp.file, &self.path);
        let Position {
            offset, modified, ..
        } = file.position();
        self.newest = self.newest.max(Some(modified));
        self.news
            .push_back(News::mark(&file.stamp, Mark::At(offset)));
        self.files.push_back(file);
    }

    /// Opens the files that came and went while nobody looked.
    fn find_missed(&mut self, current: FileId, now: Instant, readers: &mut Readers) {
        let Some(newest) = self.newest else {
            return;
        };
        for neighbour in neighbours(&self.path) {
            let is_known = |file: &OpenFile| file.stamp.file == neighbour.file;
            if neighbour.is_rotated
                && neighbour.modified >= newest
                && neighbour.file != current
                && !self.files.iter().any(is_known)
                && !readers.has_another(neighbour.file, &self.path)
                && let Some(mut file) = self.open_neighbour(&neighbour)
            {
                self.skip_finished(&mut file, readers);
                if !file.is_read_to_the_end() {
                    file.left = Some(now);
                    self.push(file, readers);
                }
            }
        }
    }

    /// Opens a file that was seen in the folder; `None` if it has gone, or cannot be read, which is told.
    fn open_neighbour(&mut self, neighbour: &Neighbour) -> Option<OpenFile> {
        let opened = match OpenFile::open(&self.path, &neighbour.path, At::Start) {
            Ok(file) if file.stamp.file == neighbour.file => return Some(file),
            // Renamed meanwhile.
            _ => neighbours(&self.path)
                .into_iter()
                .find(|other| other.file == neighbour.file)
                .map(|renamed| OpenFile::open(&self.path, &renamed.path, At::Start)),
        };
        match opened? {
            Ok(file) => Some(file),
            Err(cause) => {
                let path = neighbour.path.clone();
                let trouble = TailError::Unreadable { path, cause };
                self.news.push_back(trouble.into());
                None
            }
        }
    }

    /// A file that was read before is read on where that ended.
    fn skip_finished(&self, file: &mut OpenFile, readers: &Readers) {
        let id = file.stamp.file;
        let mut latest = self.finished.iter().rev();
        let here = latest.find(|known| known.file == id);
        if let Some(position) = here.or_else(|| readers.finished(id)) {
            file.go_to(position);
        }
    }

    /// Opens the files in which positions were saved, under whatever name.
    fn restore(&mut self, saved: Vec<Position>, now: Instant, readers: &mut Readers) {
        let mut neighbours = neighbours(&self.path);
        for position in saved {
            self.newest = self.newest.max(Some(position.modified));
            if readers.has_another(position.file, &self.path) {
                continue;
            }
            let Some(mut file) = self.find(&position, &mut neighbours, readers) else {
                self.gone(position);
                continue;
            };
            // Where the path leads is looked at next.
            file.left = Some(now);
            if file.stamp.file != position.file {
                // The place in the copy takes the place of the one that was saved.
                self.replaced(position);
            }
            self.push(file, readers);
        }
    }

    /// Finds the file of a position, or the copy that was made of it before it was truncated.
    fn find(
        &self,
        position: &Position,
        known: &mut Vec<Neighbour>,
        readers: &Readers,
    ) -> Option<OpenFile> {
        let open = |path: &Path| OpenFile::open(&self.path, path, At::Start).ok();
        let go_to = |mut file: OpenFile| file.go_to(position).then_some(file);
        for _ in 0..ATTEMPTS {
            let named = known.iter().find(|one| one.file == position.file);
            // The path may lead out of its folder.
            let path = named.map_or(&*self.path, |one| &one.path);
            if let Some(file) = open(path).filter(|file| file.stamp.file == position.file) {
                if let Some(file) = go_to(file) {
                    return Some(file);
                }
                break;
            }
            // It may have been renamed since the folder was read.
            *known = neighbours(&self.path);
        }
        let is_open = |id| self.files.iter().any(|file| file.stamp.file == id);
        let is_copy = |one: &&Neighbour| {
            one.is_rotated
                && position.head.length > 0
                && one.modified >= position.modified
                && !is_open(one.file)
                && !readers.has_another(one.file, &self.path)
        };
        let mut copies = known.iter().rev().filter(is_copy);
        copies.find_map(|one| go_to(open(&one.path)?))
    }

    fn gone(&mut self, position: Position) {
        let path = self.path.to_path_buf();
        let trouble = TailError::Gone { path, position };
        self.news.push_back(trouble.into());
        self.replaced(position);
    }

    fn replaced(&mut self, position: Position) {
        let stamp = Stamp {
            path: Arc::clone(&self.path),
            file: position.file,
            head: position.head,
            modified: position.modified,
        };
        self.news_of_end(&Arc::new(stamp), position);
    }

    /// Nothing more is expected of a file.
    fn news_of_end(&mut self, stamp: &Arc<Stamp>, position: Position) {
        let mark = Mark::Finished(position.offset);
        self.news.push_back(News::mark(stamp, mark));
        self.last = Some(Arc::clone(stamp));
    }

    /// Tells whether it has no file to read.
    pub(super) fn is_done(&self) -> bool {
        self.files.is_empty()
    }

    /// Tells, after all other news, that nothing of the path has to be remembered.
    pub(super) fn forget(self) -> Option<News> {
        Some(News::mark(&self.last?, Mark::Forgotten))
    }

    /// Reads a piece of the oldest file that has one.
    fn read(&mut self, now: Instant, room: &mut Vec<u8>) -> io::Result<bool> {
        for file in &mut self.files {
            if file.read(self.max_length, room, &mut self.news)? {
                self.newest = self.newest.max(Some(file.stamp.modified));
                file.left = file.left.map(|_| now);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Lets go of files that were left long enough ago.
    fn finish(&mut self, now: Instant, readers: &mut Readers) {
        while let Some(file) = self.files.front_mut()
            && let Some(left) = file.left
            && file.at_end
            && now.saturating_duration_since(left) >= self.linger
        {
            self.news.extend(file.rest().map(News::from));
            let (stamp, position) = (Arc::clone(&file.stamp), file.position());
            let is_removed = file.is_removed();
            self.news_of_end(&stamp, position);
            self.files.pop_front();
            readers.end(position.file);
            // A removed one does not come back, and what gets its number may begin as it did.
            if !is_removed {
                if self.finished.len() == REMEMBERED {
                    self.finished.pop_front();
                }
                self.finished.push_back(position);
                readers.remember(position);
            }
        }
    }

    /// Takes out where it began, once there was a file.
    pub(super) fn take_beginning(&mut self) -> Vec<(Arc<Stamp>, Mark)> {
        let mut marks = Vec::new();
        if self.has_begun || self.files.is_empty() {
            return marks;
        }
        self.has_begun = true;
        self.news.retain(|news| match news {
            News::Event(Event::Mark(stamp, mark)) => {
                marks.push((Arc::clone(stamp), *mark));
                false
            }
            _ => true,
        });
        marks
    }

    /// Tells whether a file had more than was read.
    pub(super) fn is_behind(&self) -> bool {
        self.files.iter().any(|file| !file.at_end)
    }

    /// Tells whether a file is read to which the path does not lead any more.
    pub(super) fn has_left_files(&self) -> bool {
        self.files.iter().any(|file| file.left.is_some())
    }

    /// Gives what there is to tell, in order, to be taken out.
    pub(super) fn news(&mut self) -> &mut VecDeque<News> {
        &mut self.news
    }

    /// Tells the last lines that have no end, for the end of all.
    pub(super) fn tell_rest(&mut self) {
        let at_end = self.files.iter_mut().filter(|file| file.at_end);
        self.news
            .extend(at_end.filter_map(OpenFile::rest).map(News::from));
    }
}
