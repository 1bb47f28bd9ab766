//! Files that had the followed name before, found in its folder.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use super::position::{FileId, Head, Position, modified};

/// How often a folder is read at most until it holds still.
pub(super) const ATTEMPTS: usize = 5;

/// A file in the folder of the followed one.
pub(super) struct Neighbour {
    pub(super) path: PathBuf,
    pub(super) file: FileId,
    length: u64,
    pub(super) modified: u64,
    /// Whether its name is the followed one with a number or date.
    pub(super) is_rotated: bool,
}

impl Neighbour {
    /// Gives its end as it was seen, whatever is in it.
    pub(super) fn end(&self) -> Position {
        Position {
            file: self.file,
            offset: self.length,
            head: Head::of(&[]),
            modified: self.modified,
        }
    }
}

/// Lists the files in the folder of `followed`, the oldest first.
///
/// A file that is renamed while its folder is read may not be seen, so the folder is read until nothing changed twice: its
/// own time alone is too coarse.
pub(super) fn neighbours(followed: &Path) -> Vec<Neighbour> {
    let folder = match followed.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let changed = || fs::metadata(folder).map_or(0, |metadata| modified(&metadata));
    let mut found = BTreeMap::new();
    let mut known = None;
    for _ in 0..ATTEMPTS {
        let before = changed();
        let Ok(entries) = fs::read_dir(folder) else {
            break;
        };
        for entry in entries.flatten() {
            let Ok(metadata) = entry.metadata() else {
                continue;
            };
            if !metadata.is_file() {
                continue;
            }
            let neighbour = Neighbour {
                path: entry.path(),
                file: FileId::of(&metadata),
                length: metadata.len(),
                modified: modified(&metadata),
                is_rotated: followed
                    .file_name()
                    .is_some_and(|name| is_rotated(name, &entry.file_name())),
            };
            found.insert(neighbour.file, neighbour);
        }
        if changed() == before && known == Some(found.len()) {
            break;
        }
        known = Some(found.len());
    }
    let mut found: Vec<_> = found.into_values().collect();
    found.sort_by(|a, b| (a.modified, &a.path).cmp(&(b.modified, &b.path)));
    found
}

/// Tells whether `name` is `followed` with a number or date in it: `app.log.1`, `app.log-20261122`, `app-2026-11-22.log`.
fn is_rotated(followed: &OsStr, name: &OsStr) -> bool {
    let (followed, name) = (followed.as_encoded_bytes(), name.as_encoded_bytes());
    let behind = |end: &[u8]| {
        let stem = followed.strip_suffix(end)?;
        name.strip_prefix(stem)?.strip_suffix(end)
    };
    let dot = followed.iter().rposition(|byte| *byte == b'.');
    let extension = dot.map_or(&b""[..], |dot| &followed[dot..]);
    [behind(b""), behind(extension)]
        .into_iter()
        .flatten()
        .any(|middle| {
            // Without something in between `app2.log` would be a rotated `app.log`.
            middle.first().is_some_and(|first| b".-_".contains(first))
                && middle.iter().any(u8::is_ascii_digit)
                && middle
                    .iter()
                    .all(|byte| byte.is_ascii_digit() || b".-_:TZ".contains(byte))
        })
}

#[cfg(test)]
mod tests {
    use super::is_rotated;

    #[test]
    fn numbers_and_dates_make_a_name_a_rotated_one() {
        let yes = [
            "app.log.1",
            "app.log.12",
            "app.log-20261122",
            "app-2026-11-22.log",
            "app.2026-11-22T10:00:00Z.log",
            "app.3.log",
        ];
        let no = [
            "app.log",
            "app.log.1.gz",
            "app-errors.log",
            "app.log.old",
            "app2",
            "app2.log",
            "other.log.1",
            "app.log.",
        ];
        for name in yes {
            assert!(is_rotated("app.log".as_ref(), name.as_ref()), "{name}");
        }
        for name in no {
            assert!(!is_rotated("app.log".as_ref(), name.as_ref()), "{name}");
        }
        assert!(is_rotated("app".as_ref(), "app.1".as_ref()));
    }
}
