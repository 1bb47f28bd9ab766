//! Sorts the lines of files that are larger than memory.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Writes the lines of `from` to `to`, in the order of their bytes, and waits until they are on the disk.
///
/// Holds `memory` bytes of lines; where that is not enough, sorted runs stand beside `to` meanwhile. Until all is done
/// there is no `to`, or an earlier one.
pub(super) fn sort_lines(from: &Path, to: &Path, memory: usize) -> io::Result<()> {
    let mut lines = BufReader::with_capacity(64 * 1024, File::open(from)?);
    let mut runs = Runs::default();
    loop {
        let mut run = read_run(&mut lines, memory)?;
        if run.is_empty() && !runs.0.is_empty() {
            break;
        }
        run.sort_unstable();
        let path = to.with_added_extension(format!("run{}", runs.0.len()));
        runs.0.push(path.clone());
        let mut file = BufWriter::new(File::create(&path)?);
        for line in &run {
            file.write_all(line)?;
        }
        file.into_inner()?.sync_data()?;
    }
    match &runs.0[..] {
        [only] => fs::rename(only, to),
        _ => merge(&runs, to),
    }
}

/// Files that go with the value.
#[derive(Default)]
struct Runs(Vec<PathBuf>);

impl Drop for Runs {
    fn drop(&mut self) {
        for path in &self.0 {
            // One that was renamed is gone already.
            let _ = fs::remove_file(path);
        }
    }
}

/// Reads lines, with their ends, until they take `memory` bytes.
fn read_run(lines: &mut impl BufRead, memory: usize) -> io::Result<Vec<Box<[u8]>>> {
    let (mut run, mut bytes) = (Vec::new(), 0);
    let mut line = Vec::new();
    while bytes < memory {
        line.clear();
        if lines.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        bytes += line.len() + size_of::<Box<[u8]>>();
        run.push(line.as_slice().into());
    }
    Ok(run)
}

fn merge(runs: &Runs, to: &Path) -> io::Result<()> {
    let whole = to.with_added_extension("merged");
    let mut output = BufWriter::with_capacity(64 * 1024, File::create(&whole)?);
    let mut inputs = Vec::new();
    let mut heads = BinaryHeap::new();
    for (number, path) in runs.0.iter().enumerate() {
        let mut input = BufReader::new(File::open(path)?);
        if let Some(line) = next_line(&mut input)? {
            heads.push(Reverse((line, number)));
        }
        inputs.push(input);
    }
    while let Some(Reverse((line, number))) = heads.pop() {
        output.write_all(&line)?;
        if let Some(line) = next_line(&mut inputs[number])? {
            heads.push(Reverse((line, number)));
        }
    }
    output.into_inner()?.sync_data()?;
    fs::rename(whole, to)
}

fn next_line(input: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    input.read_until(b'\n', &mut line)?;
    Ok((!line.is_empty()).then_some(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_sorted_in_little_memory_and_nothing_is_left_behind() {
        let folder = std::env::temp_dir().join(format!("crawler-sort-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let (from, to) = (folder.join("lines"), folder.join("sorted"));
        let mut lines: Vec<String> = (0..1000)
            .map(|n| format!("{}\n", n * 7919 % 1000))
            .collect();
        for (count, memory) in [(0, 100), (1, 100), (1000, 1), (1000, 3000), (1000, 1 << 20)] {
            fs::write(&from, lines[..count].concat()).expect("written");
            sort_lines(&from, &to, memory).expect("sorted");
            let mut expected = lines[..count].to_vec();
            expected.sort();
            assert_eq!(fs::read_to_string(&to).expect("there"), expected.concat());
            assert_eq!(fs::read_dir(&folder).expect("there").count(), 2);
            lines.reverse();
        }
        fs::remove_dir_all(folder).expect("it is there");
    }
}
