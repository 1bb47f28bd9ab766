use std::{
    fs::{self, File},
    io::{ErrorKind, Write as _},
    process::Command,
    time::Duration,
};

use tempfile::tempdir;
use thalweg::{
    prelude::*,
    sources::{Lines, ReadError, lines},
};
use tokio::time::timeout;

use crate::contract::assert_conforms;

/// A guard against a hang; no test waits for it.
const LONG: Duration = Duration::from_mins(1);

const GIB: u64 = 1 << 30;

#[tokio::test]
async fn lines_end_as_they_do_anywhere() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("in");
    for (text, expected) in [
        ("", &[][..]),
        ("\n", &[""]),
        ("to\r\nthe\n\nsea", &["to", "the", "", "sea"]),
        ("in\rthe\r\r\nmiddle\r", &["in\rthe\r", "middle"]),
        ("\r", &[]),
    ] {
        fs::write(&path, text).unwrap();
        let seen = lines(&path).collect::<Vec<_>>().await.unwrap();
        assert_eq!(seen, expected, "{text:?}");
    }
}

/// Lengths that have no factor in common with what is read at once, and one that is longer.
#[tokio::test]
async fn lines_come_whole_wherever_they_are_cut() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("in");
    let mut written: Vec<_> = (0..5000).map(|n| format!("{n:0width$}", width = n % 331)).collect();
    written.push("x".repeat(600_000));
    written.push("the end".to_owned());
    for end in ["\n", "\r\n"] {
        fs::write(&path, written.join(end)).unwrap();
        let seen = lines(&path).collect::<Vec<_>>().await.unwrap();
        assert!(seen == written);
    }
}

#[tokio::test]
async fn a_line_that_is_too_long_or_no_text_is_told_with_its_number() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("in");
    let told = async |text: &[u8]| {
        fs::write(&path, text).unwrap();
        let mut flow = Lines::new(&path).max_length(3).flow();
        let error = loop {
            match flow.next().await {
                Ok(line) => assert!(line.is_some(), "nobody says what is wrong"),
                Err(error) => break error,
            }
        };
        assert!(flow.next().await.unwrap().is_none(), "an error is the end");
        error.to_string()
    };
    let path = path.display();
    let too_long = format!("line 2 of {path} is longer than 3 bytes; allow more with `max_length`");
    assert_eq!(told(b"abc\r\nabcd\n").await, too_long);
    assert_eq!(told(b"abc\nabcd").await, too_long);
    assert_eq!(told(b"abc\nabc\r\n\xff\n").await, format!("line 3 of {path} is not UTF-8"));
}

#[tokio::test]
async fn of_a_line_of_a_gigabyte_no_more_is_read_than_a_line_may_have() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("in");
    // It takes no room on the disk: all of it is a hole.
    File::create(&path).unwrap().set_len(GIB).unwrap();
    let error = lines(&path).count().await.unwrap_err();
    assert!(matches!(error, ReadError::TooLong { line: 1, limit: 1_048_576, .. }), "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_is_removed_while_it_is_read_is_read_to_its_end() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("in");
    fs::write(&path, "0123456789\n".repeat(100_000)).unwrap();
    let mut flow = lines(&path);
    flow.next().await.unwrap();
    fs::remove_file(&path).unwrap();
    assert_eq!(flow.count().await.unwrap(), 99_999);
    let error = lines(&path).next().await.unwrap_err();
    assert!(error.to_string().starts_with(&format!("cannot open {}: ", path.display())));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_file_that_may_not_be_read_is_named() {
    // Not even the administrator may.
    let path = "/proc/sys/vm/drop_caches";
    let error = lines(path).next().await.unwrap_err();
    assert!(error.to_string().starts_with(&format!("cannot open {path}: ")), "{error}");
    let ReadError::Open { cause, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(cause.kind(), ErrorKind::PermissionDenied);
}

#[tokio::test]
async fn a_folder_cannot_be_read() {
    let folder = tempdir().unwrap();
    let error = lines(folder.path()).next().await.unwrap_err();
    assert!(error.to_string().starts_with("cannot read line 1 of "), "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn lines_of_a_pipe_come_as_they_are_written() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let mut flow = lines(&path);
    let (first, mut pipe) = tokio::join!(timeout(LONG, flow.next()), async {
        let path = path.clone();
        let opened = tokio::task::spawn_blocking(|| {
            let mut pipe = File::options().write(true).open(path)?;
            pipe.write_all(b"one\ntw")?;
            std::io::Result::Ok(pipe)
        });
        opened.await.unwrap().unwrap()
    });
    assert_eq!(first.unwrap().unwrap().as_deref(), Some("one"));
    pipe.write_all(b"o\n").unwrap();
    let second = timeout(LONG, flow.next()).await.unwrap();
    assert_eq!(second.unwrap().as_deref(), Some("two"));
    drop(pipe);
    assert_eq!(timeout(LONG, flow.next()).await.unwrap().unwrap(), None);
}

#[tokio::test]
async fn it_conforms() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("in");
    fs::write(&path, "0\n1\n2\n3\n4\n5\n6\n7\n8\n9").unwrap();
    assert_conforms(|token| {
        let told = move |error: ReadError| {
            let _ = &token;
            error.to_string()
        };
        lines(&path).map_err(told)
    })
    .await;
}
