//! The file in which positions are kept.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::task::spawn_blocking;

use super::{
    error::TailError,
    event::Mark,
    ledger::Ledger,
    position::{Position, Stamp},
};

/// How the file begins.
const TITLE: &str = "thalweg positions 1";

/// A small file that tells how far followed files were dealt with; see [`Tail::tracked`](super::Tail::tracked).
///
/// It is a text with a line for every file that was not read to its end. It is written anew under another name, brought to
/// the disk and renamed, so that a crash at any moment leaves the old one or the new one, whole.
///
/// A store may serve several tails of different paths; clones are the same store. Two programs must not share one.
#[derive(Clone, Debug)]
pub struct PositionStore {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    state: Mutex<State>,
    /// Held while the file is written, so that an older state does not replace a newer one.
    writing: Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    is_loaded: bool,
    has_changed: bool,
    /// By followed path, as it is written in the file.
    paths: BTreeMap<String, Vec<Saved>>,
    ledgers: Vec<Arc<Ledger>>,
}

#[derive(Clone, Copy, Debug)]
struct Saved {
    position: Position,
    /// Nothing more is expected in that file: it is kept while none came after it.
    is_finished: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // No foreign code runs under these locks.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl PositionStore {
    /// Names the file; it is read when a tail begins, and made when there is something to save.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self {
            shared: Arc::new(Shared {
                path: path.as_ref().to_owned(),
                state: Mutex::default(),
                writing: Mutex::default(),
            }),
        }
    }

    /// Gives the path of the file.
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// Saves what was acknowledged until now, and waits until it is on the disk.
    ///
    /// A tail does it by itself as long as it runs; this is for the end, when what was in flight has come to its goal.
    ///
    /// # Cancel safety
    ///
    /// A future that is dropped lets the writing go on.
    ///
    /// # Errors
    ///
    /// [`TailError::NotSaved`]; it can be tried again.
    ///
    /// # Panics
    ///
    /// Panics outside of a tokio runtime.
    pub async fn save(&self) -> Result<(), TailError> {
        let store = self.clone();
        match spawn_blocking(move || store.save_here()).await {
            Ok(saved) => saved,
            Err(error) => Err(self.not_saved(io::Error::other(error))),
        }
    }

    /// Saves on this thread, if there is anything new.
    pub(super) fn save_here(&self) -> Result<(), TailError> {
        let _writing = lock(&self.shared.writing);
        let text = {
            let mut state = lock(&self.shared.state);
            state.collect();
            if !std::mem::take(&mut state.has_changed) {
                return Ok(());
            }
            state.text()
        };
        write_whole(&self.shared.path, &text).map_err(|cause| {
            lock(&self.shared.state).has_changed = true;
            self.not_saved(cause)
        })
    }

    fn not_saved(&self, cause: io::Error) -> TailError {
        let path = self.shared.path.clone();
        TailError::NotSaved { path, cause }
    }

    /// Reads the file, unless that was done, and listens to the lines of a run.
    pub(super) fn begin(&self, ledger: &Arc<Ledger>) -> Result<(), TailError> {
        let mut state = lock(&self.shared.state);
        if !state.is_loaded {
            state.paths = read(&self.shared.path).map_err(|cause| {
                let path = self.shared.path.clone();
                TailError::NotRestored { path, cause }
            })?;
            state.is_loaded = true;
        }
        state.ledgers.push(Arc::clone(ledger));
        Ok(())
    }

    /// Gives the positions in the files of a path that were not read to their end, the oldest first; if all were, the last.
    pub(super) fn positions(&self, path: &Path) -> Vec<Position> {
        let mut state = lock(&self.shared.state);
        state.collect();
        let saved = state.paths.get(&key(path));
        saved.map_or_else(Vec::new, |saved| {
            saved.iter().map(|saved| saved.position).collect()
        })
    }

    /// Gives all paths of which something is known.
    pub(super) fn followed_paths(&self) -> Vec<PathBuf> {
        let mut state = lock(&self.shared.state);
        state.collect();
        state.paths.keys().filter_map(|key| unkey(key)).collect()
    }

    /// Tells whether it is the file of this store, or the one that will take its place.
    pub(super) fn is_own(&self, path: &Path) -> bool {
        let own = &self.shared.path;
        [own.clone(), successor(own)]
            .iter()
            .any(|own| own.file_name() == path.file_name() && key(own) == key(path))
    }
}

impl State {
    /// Takes over what was acknowledged.
    fn collect(&mut self) {
        let mut ledgers = std::mem::take(&mut self.ledgers);
        for ledger in &ledgers {
            for (stamp, mark) in ledger.collect() {
                self.reach(&stamp, mark);
                self.has_changed = true;
            }
        }
        // Nothing more comes of a run that has ended, and of which no line is left.
        ledgers.retain(|ledger| Arc::strong_count(ledger) > 1);
        self.ledgers = ledgers;
    }

    fn reach(&mut self, stamp: &Stamp, mark: Mark) {
        let path = key(&stamp.path);
        let (offset, is_finished) = match mark {
            Mark::At(offset) => (offset, false),
            Mark::Finished(offset) => (offset, true),
            Mark::Forgotten => {
                self.paths.remove(&path);
                return;
            }
        };
        let files = self.paths.entry(path).or_default();
        let reached = Saved {
            position: stamp.at(offset),
            is_finished,
        };
        match files
            .iter_mut()
            .find(|saved| saved.position.file == stamp.file)
        {
            Some(saved) => *saved = reached,
            None => files.push(reached),
        }
        if files.iter().any(|saved| !saved.is_finished) {
            files.retain(|saved| !saved.is_finished);
        } else if files.len() > 1 {
            files.drain(..files.len() - 1);
        }
    }

    fn text(&self) -> String {
        let mut text = format!("{TITLE}\n");
        for (path, files) in &self.paths {
            for saved in files {
                let word = if saved.is_finished { "read" } else { "open" };
                // Writing to a String cannot fail.
                let _ = writeln!(text, "{} {word} {path}", saved.position);
            }
        }
        text
    }
}

/// A path as a word without spaces and line breaks, the same wherever the program is started.
fn key(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let escaped = path.as_os_str().as_encoded_bytes().escape_ascii();
    escaped.to_string().replace(' ', "\\x20")
}

/// The path of a word.
fn unkey(word: &str) -> Option<PathBuf> {
    let mut bytes = Vec::with_capacity(word.len());
    let mut rest = word.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'\\' => match rest.next()? {
                b't' => b'\t',
                b'r' => b'\r',
                b'n' => b'\n',
                b'x' => {
                    let digits = [rest.next()?, rest.next()?];
                    u8::from_str_radix(str::from_utf8(&digits).ok()?, 16).ok()?
                }
                escaped => escaped,
            },
            byte => byte,
        });
    }
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStringExt as _;
        Some(std::ffi::OsString::from_vec(bytes).into())
    }
    #[cfg(not(unix))]
    String::from_utf8(bytes).ok().map(PathBuf::from)
}

/// Where the file is written anew before it is renamed.
fn successor(path: &Path) -> PathBuf {
    let mut other = path.as_os_str().to_owned();
    other.push(".new");
    other.into()
}

fn read(path: &Path) -> io::Result<BTreeMap<String, Vec<Saved>>> {
    let mut paths: BTreeMap<_, Vec<_>> = BTreeMap::new();
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(paths),
        read => read?,
    };
    let wrong = |line: usize| {
        let what = format!("line {line} is not one of a file of positions");
        io::Error::new(io::ErrorKind::InvalidData, what)
    };
    for (number, line) in (1..).zip(text.lines()) {
        if number == 1 {
            if line == TITLE {
                continue;
            }
            return Err(wrong(number));
        }
        let mut words = line.split(' ');
        let mut parse = || {
            let saved = Saved {
                position: words.next()?.parse().ok()?,
                is_finished: match words.next()? {
                    "open" => false,
                    "read" => true,
                    _ => return None,
                },
            };
            Some((words.next()?.to_owned(), saved))
        };
        let (path, saved) = parse().ok_or_else(|| wrong(number))?;
        paths.entry(path).or_default().push(saved);
    }
    if text.is_empty() {
        return Err(wrong(1));
    }
    Ok(paths)
}

/// Puts a text into a file so that a crash leaves the old text or the new one.
fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let other = successor(path);
    let mut file = File::create(&other)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    drop(file);
    fs::rename(&other, path)?;
    // The new name is on the disk once its folder is.
    #[cfg(unix)]
    {
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_word_and_back() {
        for text in ["/a b/c.log", "/ä\n\t'\"\\x20.log", "/", "/\u{7f}\0"] {
            let word = key(Path::new(text));
            assert!(!word.contains([' ', '\n']), "{word}");
            assert_eq!(unkey(&word).as_deref(), Some(Path::new(text)));
        }
        assert_eq!(unkey("/\\x2"), None);
    }
}
