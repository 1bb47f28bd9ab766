//! Plain files: what is written, what survives, and what is told.

use std::{
    fs,
    io::ErrorKind,
    path::Path,
    time::Duration,
};

use futures_util::FutureExt;
use tempfile::tempdir;
use thalweg::{
    Sink,
    operators::terminal::RunError,
    prelude::*,
    sinks::{
        Fsync, WriteError,
        encoding::{EncodeError, Raw},
        file, json_lines, lines,
    },
};

use crate::child;

/// A guard against a hang; no test waits for it.
const LONG: Duration = Duration::from_mins(1);

fn cause(error: WriteError) -> std::io::Error {
    match error {
        WriteError::Open { cause, .. } | WriteError::Write { cause, .. } => cause,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn every_policy_of_the_disk_writes_the_same() {
    let folder = tempdir().unwrap();
    for policy in [Fsync::Never, Fsync::AtClose, Fsync::AtFlush, Fsync::EachBatch] {
        let path = folder.path().join(format!("{policy:?}"));
        (0..3000).flow().run_into(lines(&path).fsync(policy)).await.unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let numbers: Vec<i32> = text.lines().map(|line| line.parse().unwrap()).collect();
        assert_eq!(numbers, (0..3000).collect::<Vec<_>>(), "{policy:?}");
    }
}

#[tokio::test]
async fn bytes_are_written_as_they_are() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("out");
    [b"a\0".to_vec(), vec![], b"\xff".to_vec()].flow().run_into(file(&path, Raw)).await.unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"a\0\xff");
}

#[tokio::test]
async fn a_line_that_was_cut_is_ended_before_others_follow() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("out");
    fs::write(&path, "whole\ncu").unwrap();
    ["next"].flow().run_into(lines(&path).append()).await.unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "whole\ncu\nnext\n");
    // Bytes are nobody's lines.
    fs::write(&path, "ab").unwrap();
    ["c"].flow().run_into(file(&path, Raw).append()).await.unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "abc");
}

#[tokio::test]
async fn the_items_before_one_that_cannot_be_encoded_are_written_and_it_stays() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("out");
    let odd = |n: &u8, buffer: &mut Vec<u8>| -> Result<(), EncodeError> {
        buffer.push(b'0' + n);
        if n.is_multiple_of(2) { Err("even".into()) } else { Ok(()) }
    };
    let mut sink = file(&path, odd);
    let mut batch = vec![1, 3, 4, 5];
    let error = sink.write(&mut batch).await.unwrap_err();
    assert!(matches!(error, WriteError::Encode { .. }), "{error}");
    assert_eq!(batch, [4, 5]);
    batch.remove(0);
    sink.write(&mut batch).await.unwrap();
    Sink::<u8>::close(&mut sink).await.unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"135");
}

#[test]
fn a_write_that_nobody_waits_for_is_taken_back() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("out");
    // One thread for work that blocks, which the test can keep busy.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .max_blocking_threads(1)
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut sink = lines(&path);
        sink.write(&mut vec!["first"]).await.unwrap();
        let mut batch = vec!["second", "third"];
        let (release, busy) = std::sync::mpsc::channel::<()>();
        tokio::task::spawn_blocking(move || busy.recv());
        assert!(sink.write(&mut batch).now_or_never().is_none());
        release.send(()).unwrap();
        assert_eq!(batch, ["second", "third"], "the items are still there");
        batch.remove(0);
        sink.write(&mut batch).await.unwrap();
        Sink::<&str>::close(&mut sink).await.unwrap();
    });
    assert_eq!(fs::read_to_string(&path).unwrap(), "first\nthird\n");
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_full_disk_is_told_and_the_items_stay() {
    let mut sink = lines("/dev/full");
    let mut batch = vec![1, 2, 3];
    let error = cause(sink.write(&mut batch).await.unwrap_err());
    assert_eq!(error.kind(), ErrorKind::StorageFull);
    assert_eq!(batch, [1, 2, 3]);
}

/// Runs in a process whose files may have 8 or 16 KiB at most, which is less than what is written.
#[tokio::test]
#[ignore = "is the process of another test"]
async fn fills_what_it_is_given() {
    let path = child::folder().join("out");
    let mut sink = lines(&path);
    let mut batch: Vec<_> = (0..100).map(|n| format!("{n:040}")).collect();
    sink.write(&mut batch).await.unwrap();
    let mut batch: Vec<_> = (100..400).map(|n| format!("{n:040}")).collect();
    let error = cause(sink.write(&mut batch).await.unwrap_err());
    assert_eq!(error.kind(), ErrorKind::FileTooLarge);
    assert_eq!(batch.len(), 300);
    assert_eq!(fs::metadata(&path).unwrap().len(), 4100, "no half of it is left");
    // What fits can still be written.
    batch.truncate(10);
    sink.write(&mut batch).await.unwrap();
    Sink::<String>::close(&mut sink).await.unwrap();
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_write_that_does_not_fit_leaves_no_half_line() {
    let folder = tempdir().unwrap();
    // Blocks of 512 bytes in some shells, of 1,024 in others.
    let limits = "trap '' XFSZ; ulimit -f 16;";
    let mut child = child::spawn("fs::file::fills_what_it_is_given", folder.path(), limits);
    assert!(child.wait().await.unwrap().success());
    let written = fs::read_to_string(folder.path().join("out")).unwrap();
    let numbers: Vec<usize> = written.lines().map(|line| line.parse().unwrap()).collect();
    assert_eq!(numbers, (0..110).collect::<Vec<_>>());
}

/// Runs in a process whose folder is a disk of 128 KiB.
#[tokio::test]
#[ignore = "is the process of another test"]
async fn fills_a_small_disk() {
    let filler = child::folder().join("filler");
    fs::write(&filler, vec![0; 64 * 1024]).unwrap();
    let path = child::folder().join("out");
    let batch = || -> Vec<_> { (0..1000).map(|n| format!("{n:040}")).collect() };
    let mut sink = lines(&path);
    sink.write(&mut batch()).await.unwrap();
    let mut left = batch();
    let error = cause(sink.write(&mut left).await.unwrap_err());
    assert_eq!(error.kind(), ErrorKind::StorageFull);
    assert_eq!(left, batch());
    assert_eq!(fs::metadata(&path).unwrap().len(), 41_000, "no half of it is left");
    // It goes on when somebody has made room.
    fs::remove_file(&filler).unwrap();
    sink.write(&mut left).await.unwrap();
    Sink::<String>::close(&mut sink).await.unwrap();
    assert_eq!(fs::metadata(&path).unwrap().len(), 82_000);
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_small_disk_that_is_full_takes_no_half_and_goes_on_when_there_is_room() {
    let folder = tempdir().unwrap();
    // Of this process and its children only, as an administrator of their own.
    let mount = "unshare --map-root-user --mount sh -c 'mount -t tmpfs -o size=128k tmpfs \"$0\" || exit 99; \"$@\"'";
    let place = folder.path().display();
    let before = format!("{mount} {place} true; [ $? = 0 ] || exit 99; exec {mount} {place}");
    let mut child = child::spawn("fs::file::fills_a_small_disk", folder.path(), &before);
    let ended = child.wait().await.unwrap();
    if ended.code() == Some(99) {
        eprintln!(
            "not tested: this user may not mount a disk; \
             `a_write_that_does_not_fit_leaves_no_half_line` shows the same with a limit on files"
        );
        return;
    }
    assert!(ended.success());
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_file_that_may_not_be_written_is_named() {
    // Not even the administrator may.
    let path = "/proc/sys/kernel/ostype";
    let ended = (1..=2).flow().run_into(lines(path)).await;
    let Err(RunError::Sink(error)) = ended else {
        panic!("{ended:?}");
    };
    assert!(error.to_string().starts_with(&format!("cannot open {path}: ")), "{error}");
    assert_eq!(cause(error).kind(), ErrorKind::PermissionDenied);
}

#[tokio::test]
async fn a_failed_flow_leaves_what_was_written() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("out");
    let fails = ["1", "2", "x"].flow().map(str::parse::<u8>).raise();
    fails.run_into(lines(&path)).await.unwrap_err();
    assert_eq!(fs::read_to_string(&path).unwrap(), "1\n2\n");
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn an_atomic_file_is_there_at_the_end_only() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("out");
    fs::write(&path, "old").unwrap();
    let mut sink = json_lines(&path).atomic();
    sink.write(&mut vec![1, 2]).await.unwrap();
    Sink::<i32>::flush(&mut sink).await.unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    assert_eq!(names(folder.path()).len(), 2);
    Sink::<i32>::close(&mut sink).await.unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "1\n2\n");
    assert_eq!(names(folder.path()), ["out"]);
    // With what was there.
    [3].flow().run_into(json_lines(&path).atomic().append()).await.unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "1\n2\n3\n");
}

#[tokio::test]
async fn an_atomic_file_of_a_flow_that_failed_or_was_dropped_is_not_there() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("out");
    let fails = ["1", "2", "x"].flow().map(str::parse::<u8>).raise();
    fails.run_into(lines(&path).atomic()).await.unwrap_err();
    assert_eq!(names(folder.path()), [""; 0]);

    let mut sink = lines(&path).atomic();
    sink.write(&mut vec![1, 2]).await.unwrap();
    assert_eq!(names(folder.path()).len(), 1);
    drop(sink);
    assert_eq!(names(folder.path()), [""; 0]);
}

#[tokio::test]
#[cfg(unix)]
async fn an_atomic_file_keeps_permissions_and_links() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = tempdir().unwrap();
    let (path, link) = (folder.path().join("out"), folder.path().join("link"));
    fs::write(&path, "old").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    symlink(&path, &link).unwrap();
    [1].flow().run_into(lines(&link).atomic()).await.unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "1\n");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    // A device is not to be replaced.
    let error = [1].flow().run_into(lines("/dev/null").atomic()).await.unwrap_err();
    assert!(error.to_string().contains("only a file can be replaced"), "{error}");
}

/// Writes into an atomic file until it is killed.
#[tokio::test]
#[ignore = "is the process of another test"]
async fn writes_atomically_for_ever() {
    let mut sink = lines(child::folder().join("out")).atomic();
    for number in 0_u64.. {
        sink.write(&mut vec![number; 100]).await.unwrap();
    }
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_process_that_is_killed_leaves_no_half_file() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("out");
    fs::write(&path, "old").unwrap();
    let mut child = child::spawn("fs::file::writes_atomically_for_ever", folder.path(), "");
    tokio::time::timeout(LONG, async {
        let is_part = |entry: &fs::DirEntry| {
            let name = entry.file_name().into_string().unwrap();
            name.starts_with(".out.") && entry.metadata().unwrap().len() > 10_000
        };
        while !fs::read_dir(&folder).unwrap().any(|entry| is_part(&entry.unwrap())) {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    child.kill().await.unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
}
