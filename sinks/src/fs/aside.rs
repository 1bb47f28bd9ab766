//! The files that were put aside: their names, and what becomes of them.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use super::rotation::Rotation;

/// A file that was put aside: its number, and whether it is compressed.
#[derive(Clone, Debug)]
struct Aside {
    number: u64,
    #[cfg_attr(not(feature = "gzip"), expect(dead_code, reason = "nothing else asks"))]
    compressed: bool,
    path: PathBuf,
}

/// Gives the name that a file gets when it is put aside under a number.
pub(super) fn numbered(path: &Path, number: u64) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}"));
    name.into()
}

/// Gives the highest number that a file was put aside under; 0 if none was.
pub(super) fn newest(path: &Path) -> io::Result<u64> {
    let numbers = find(path)?.into_iter().map(|aside| aside.number);
    Ok(numbers.max().unwrap_or(0))
}

/// Compresses what is to be, also what an earlier process left, and removes what is not to be kept.
pub(super) fn tidy(path: &Path, rotation: &Rotation) -> io::Result<()> {
    let mut files = find(path)?;
    files.sort_by_key(|aside| std::cmp::Reverse(aside.number));
    let mut kept = 0;
    let mut last = None;
    for aside in files {
        // A number may be there twice: compressed, and not yet removed.
        kept += usize::from(last.replace(aside.number) != Some(aside.number));
        let surplus = rotation.keep.is_some_and(|most| kept > most);
        if surplus {
            fs::remove_file(&aside.path)?;
        }
        #[cfg(feature = "gzip")]
        if rotation.gzip && !aside.compressed && !surplus {
            compress(&aside.path)?;
        }
    }
    Ok(())
}

fn find(path: &Path) -> io::Result<Vec<Aside>> {
    let Some(name) = path.file_name() else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder(path))? {
        let entry = entry?;
        let other = entry.file_name();
        let other = other.as_encoded_bytes();
        let Some(rest) = other.strip_prefix(name.as_encoded_bytes()) else {
            continue;
        };
        let Some(rest) = rest.strip_prefix(b".") else {
            continue;
        };
        let number = rest.strip_suffix(b".gz");
        let digits = number.unwrap_or(rest);
        if !digits.iter().all(u8::is_ascii_digit) {
            continue;
        }
        if let Some(digits) = str::from_utf8(digits)
            .ok()
            .and_then(|text| text.parse().ok())
        {
            found.push(Aside {
                number: digits,
                compressed: number.is_some(),
                path: entry.path(),
            });
        }
    }
    Ok(found)
}

/// Compresses a file into one beside it, which has its name only once it is complete and on the disk.
#[cfg(feature = "gzip")]
fn compress(path: &Path) -> io::Result<()> {
    let named = |end: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        PathBuf::from(name)
    };
    let part = named(".gz.part");
    let mut from = File::open(path)?;
    let mut to =
        flate2::write::GzEncoder::new(File::create(&part)?, flate2::Compression::default());
    let compressed = io::copy(&mut from, &mut to)
        .and_then(|_| to.finish())
        .and_then(|to| to.sync_all())
        .and_then(|()| fs::rename(&part, named(".gz")));
    if compressed.is_err() {
        // The first error is the one to tell; the file itself is still there.
        let _ = fs::remove_file(&part);
        return compressed;
    }
    sync_folder(path)?;
    fs::remove_file(path)
}

/// Gives the folder of a file.
pub(super) fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Waits until the names in the folder of a file are on the disk.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    // Only Unix opens folders as files; elsewhere the system keeps names safe by itself.
    if cfg!(unix) {
        File::open(folder(path))?.sync_all()?;
    }
    Ok(())
}
