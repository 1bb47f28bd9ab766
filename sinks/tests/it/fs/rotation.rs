//! Files that are put aside when they are full.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
    time::Duration,
};

use tempfile::tempdir;
use thalweg::{
    Sink,
    prelude::*,
    sinks::{Rotation, csv, lines},
};

use crate::child;

/// Gives the lines of some numbers.
fn numbered(numbers: std::ops::Range<u32>) -> String {
    numbers.flat_map(|n| [n.to_string(), "\n".to_owned()]).collect()
}

/// A guard against a hang; no test waits for it.
const LONG: Duration = Duration::from_mins(1);

fn aside(path: &Path, end: &str) -> PathBuf {
    PathBuf::from(format!("{}.{end}", path.display()))
}

/// Gives what is in a file and in all that were put aside before it, in their order.
fn all(path: &Path) -> String {
    let mut text = String::new();
    for number in 1.. {
        let plain = aside(path, &number.to_string());
        let packed = aside(path, &format!("{number}.gz"));
        if plain.exists() {
            text += &fs::read_to_string(plain).unwrap();
        } else if packed.exists() {
            let file = fs::File::open(packed).unwrap();
            flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
        } else {
            break;
        }
    }
    text + &fs::read_to_string(path).unwrap_or_default()
}

#[tokio::test]
async fn no_file_is_longer_than_it_may_be_and_no_line_is_lost() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("app.log");
    let sink = lines(&path).rotate(Rotation::bytes(1000));
    (0..5000).flow().run_into(sink).await.unwrap();
    let expected = numbered(0..5000);
    assert_eq!(all(&path), expected);
    let files: Vec<_> = fs::read_dir(&folder).unwrap().map(|file| file.unwrap()).collect();
    assert_eq!(files.len(), 24);
    for file in files {
        assert!(file.metadata().unwrap().len() <= 1000, "{file:?}");
    }
}

#[tokio::test]
async fn an_item_that_is_too_long_has_a_file_of_its_own() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("app.log");
    let sink = lines(&path).rotate(Rotation::bytes(4));
    ["a", "too long", "b", "c"].flow().run_into(sink).await.unwrap();
    assert_eq!(fs::read_to_string(aside(&path, "1")).unwrap(), "a\n");
    assert_eq!(fs::read_to_string(aside(&path, "2")).unwrap(), "too long\n");
    assert_eq!(fs::read_to_string(&path).unwrap(), "b\nc\n");
}

#[tokio::test]
async fn numbers_go_on_where_an_earlier_run_has_ended() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("app.log");
    for run in 0..3 {
        let sink = lines(&path).rotate(Rotation::bytes(2));
        [run * 2, run * 2 + 1].flow().run_into(sink).await.unwrap();
    }
    assert_eq!(all(&path), "0\n1\n2\n3\n4\n5\n");
    assert_eq!(fs::read_to_string(aside(&path, "5")).unwrap(), "4\n");
}

#[tokio::test]
async fn only_the_newest_are_kept() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("app.log");
    // Names that are like those of files put aside, and are not.
    for name in ["app.log.old", "app.log.1.bak", "app.log."] {
        fs::write(folder.path().join(name), "").unwrap();
    }
    let sink = lines(&path).rotate(Rotation::bytes(2).keep(2));
    (0..6).flow().run_into(sink).await.unwrap();
    let mut names: Vec<_> =
        fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(
        names,
        ["app.log", "app.log.", "app.log.1.bak", "app.log.4", "app.log.5", "app.log.old"]
    );
}

#[tokio::test]
async fn what_is_put_aside_is_compressed_also_what_was_left_before() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("app.log");
    fs::write(aside(&path, "1"), "left\n").unwrap();
    let sink = lines(&path).rotate(Rotation::bytes(1000).gzip());
    (0..2000).flow().run_into(sink).await.unwrap();
    let expected = numbered(0..2000);
    assert_eq!(all(&path), format!("left\n{expected}"));
    for entry in fs::read_dir(&folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let compressed = Path::new(&name).extension() == Some("gz".as_ref());
        assert!(name == "app.log" || compressed, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_is_put_aside_when_its_time_has_come() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("app.log");
    let hour = Duration::from_hours(1);
    let mut sink = lines(&path).rotate(Rotation::every(hour));
    sink.write(&mut vec![1]).await.unwrap();
    // Time passes only here: a write that blocks stops the clock.
    tokio::time::advance(hour / 2).await;
    sink.write(&mut vec![2]).await.unwrap();
    assert!(!aside(&path, "1").exists());
    tokio::time::advance(hour).await;
    sink.write(&mut vec![3]).await.unwrap();
    tokio::time::advance(hour).await;
    sink.write(&mut vec![4]).await.unwrap();
    Sink::<i32>::close(&mut sink).await.unwrap();
    assert_eq!(fs::read_to_string(aside(&path, "1")).unwrap(), "1\n2\n");
    assert_eq!(fs::read_to_string(aside(&path, "2")).unwrap(), "3\n");
    assert_eq!(fs::read_to_string(&path).unwrap(), "4\n");
}

#[tokio::test]
async fn every_file_of_values_begins_with_their_names() {
    #[derive(serde::Serialize)]
    struct Row {
        n: u8,
    }
    let folder = tempdir().unwrap();
    let path = folder.path().join("rows.csv");
    let sink = csv(&path).rotate(Rotation::bytes(6));
    (0..4).flow().map(|n| Row { n }).run_into(sink).await.unwrap();
    assert_eq!(fs::read_to_string(aside(&path, "1")).unwrap(), "n\n0\n1\n");
    assert_eq!(fs::read_to_string(&path).unwrap(), "n\n2\n3\n");
    [Row { n: 4 }].flow().run_into(csv(&path).append()).await.unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "n\n2\n3\n4\n");
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn what_cannot_be_put_aside_is_told() {
    let error = [1].flow().run_into(lines("/dev/null").rotate(Rotation::bytes(9))).await;
    let error = error.unwrap_err().to_string();
    assert!(error.contains("only a file can be replaced or rotated"), "{error}");

    let folder = tempdir().unwrap();
    let path = folder.path().join("app.log");
    let mut sink = lines(&path).rotate(Rotation::bytes(2));
    sink.write(&mut vec![1]).await.unwrap();
    fs::create_dir(aside(&path, "1")).unwrap();
    let mut batch = vec![2];
    let error = sink.write(&mut batch).await.unwrap_err().to_string();
    assert!(error.contains("app.log.1 is there already"), "{error}");
    assert_eq!(batch, [2]);
    fs::remove_dir(aside(&path, "1")).unwrap();
    sink.write(&mut batch).await.unwrap();
    assert_eq!(all(&path), "1\n2\n");
}

/// Writes numbered lines, and says how many were taken, until it is killed.
#[tokio::test]
#[ignore = "is the process of another test"]
async fn rotates_for_ever() {
    let folder = child::folder();
    let rotation = Rotation::bytes(2000).gzip();
    let mut sink = lines(folder.join("app.log")).rotate(rotation);
    let mut told = fs::File::create(folder.join("taken")).unwrap();
    for number in 0_u64.. {
        let mut batch = (number * 10..number * 10 + 10).collect();
        while !Vec::<u64>::is_empty(&batch) {
            sink.write(&mut batch).await.unwrap();
        }
        std::io::Write::write_all(&mut told, b".").unwrap();
    }
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_process_that_is_killed_has_lost_no_line_that_was_taken() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("app.log");
    let taken = || fs::metadata(folder.path().join("taken")).map_or(0, |file| file.len());
    let mut child = child::spawn("fs::rotation::rotates_for_ever", folder.path(), "");
    tokio::time::timeout(LONG, async {
        while taken() < 500 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    child.kill().await.unwrap();
    let before = all(&path);
    let whole = before.rfind('\n').map_or("", |end| &before[..=end]);
    let numbers: Vec<u64> = whole.lines().map(|line| line.parse().unwrap()).collect();
    assert!(numbers.len() as u64 >= taken() * 10, "{} of {}", numbers.len(), taken() * 10);
    assert!(numbers.iter().enumerate().all(|(index, number)| index as u64 == *number));
    assert!(aside(&path, "1.gz").exists());

    // The next process goes on, and compresses what was left.
    let sink = lines(&path).rotate(Rotation::bytes(2000).gzip());
    (0..1000).flow().map(|_| "again").run_into(sink).await.unwrap();
    let after = all(&path);
    assert!(after.starts_with(whole));
    assert_eq!(after.matches("again\n").count(), 1000);
}
