//! On a paused clock, so that the looks follow each other at once; what happens to the files happens in between.

use std::{
    fs::{self, File, OpenOptions},
    io::Write as _,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    pin::pin,
    task::Poll,
    time::Duration,
};

use tempfile::{TempDir, tempdir};
use thalweg::{
    Drained, Flow,
    prelude::*,
    sources::{Line, Position, Tail, TailError, tail, tail_all},
};
use tokio::time::timeout;

use crate::contract::{assert_conforms, poll};

fn log() -> (TempDir, PathBuf) {
    let folder = tempdir().unwrap();
    let path = folder.path().join("app.log");
    (folder, path)
}

fn append(path: &Path, text: impl AsRef<[u8]>) {
    let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
    file.write_all(text.as_ref()).unwrap();
}

fn text(item: Result<Line, TailError>) -> String {
    match item {
        Ok(line) if line.is_ended() => line.into_text().unwrap(),
        Ok(line) => format!("{}…", line.into_text().unwrap()),
        Err(error) => format!("!{error}"),
    }
}

/// The next so many lines.
async fn lines(flow: &mut Flow<Tail>, count: usize) -> Vec<String> {
    let mut seen = Vec::new();
    while seen.len() < count {
        // Virtual time: a thousand looks find nothing.
        let Ok(next) = timeout(Duration::from_secs(250), flow.next()).await else {
            panic!("{} of {count} lines came: {seen:?}", seen.len());
        };
        seen.push(text(next.unwrap().expect("it never completes")));
    }
    seen
}

/// Nothing comes, however often it looks.
async fn assert_quiet(flow: &mut Flow<Tail>) {
    let waited = timeout(Duration::from_mins(1), flow.next()).await;
    assert!(waited.is_err(), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn it_waits_for_the_file_and_for_the_end_of_a_line() {
    let (_folder, path) = log();
    let mut flow = tail(&path);
    assert_quiet(&mut flow).await;
    append(&path, "one\r\ntwo\n\nth");
    assert_eq!(lines(&mut flow, 3).await, ["one", "two", ""]);
    assert_quiet(&mut flow).await;
    append(&path, "ree");
    assert_quiet(&mut flow).await;
    append(&path, "\nfour\n");
    assert_eq!(lines(&mut flow, 2).await, ["three", "four"]);
    assert_quiet(&mut flow).await;
}

#[tokio::test(start_paused = true)]
async fn many_lines_and_long_ones_come_whole_and_know_where_they_were() {
    let (_folder, path) = log();
    let all: Vec<_> = (0..30_000).map(|n| format!("{n} {}", "x".repeat(n % 50))).collect();
    let long = "y".repeat(300_000);
    append(&path, format!("{}\n{long}\nend\n", all.join("\n")));
    let seen: Vec<Line> = tail(&path).raise().take(30_002).collect().await.unwrap();
    let whole = fs::read(&path).unwrap();
    let mut offset = 0;
    for (line, expected) in seen.iter().zip(all.iter().chain([&long, &"end".to_owned()])) {
        assert_eq!(line.bytes(), expected.as_bytes());
        assert_eq!(line.start(), offset);
        offset = line.position().offset();
        assert_eq!(line.path(), path);
    }
    assert_eq!(offset, whole.len() as u64);
}

#[tokio::test(start_paused = true)]
async fn a_renamed_file_is_read_to_its_end_before_the_new_one() {
    let (folder, path) = log();
    let mut flow = tail(&path);
    append(&path, "1\n2\n");
    assert_eq!(lines(&mut flow, 1).await, ["1"]);
    let mut writer = OpenOptions::new().append(true).open(&path).unwrap();
    // More than is read at once is left of the old one.
    let old: Vec<_> = (0..20_000).map(|n| format!("old {n}")).collect();
    writeln!(writer, "{}", old.join("\n")).unwrap();
    fs::rename(&path, folder.path().join("app.log.1")).unwrap();
    append(&path, "new\n");
    assert_eq!(lines(&mut flow, 1).await, ["2"]);
    assert_eq!(lines(&mut flow, 20_000).await, old);
    assert_eq!(lines(&mut flow, 1).await, ["new"]);
    // Its writer had it open.
    writer.write_all(b"late\nlast").unwrap();
    assert_eq!(lines(&mut flow, 1).await, ["late"]);
    append(&path, "new too\n");
    assert_eq!(lines(&mut flow, 1).await, ["new too"]);
    // Given up in the end, with what there is of its last line.
    assert_eq!(lines(&mut flow, 1).await, ["last…"]);
    append(&folder.path().join("app.log.1"), "too late\n");
    assert_quiet(&mut flow).await;
}

#[tokio::test(start_paused = true)]
async fn files_that_came_and_went_between_two_looks_are_found() {
    let (folder, path) = log();
    let mut flow = Tail::new(&path).linger(Duration::ZERO).flow();
    append(&path, "0\n");
    assert_eq!(lines(&mut flow, 1).await, ["0"]);
    for round in 0..10 {
        for n in (1..20).rev() {
            let older = |n| folder.path().join(format!("app.log.{n}"));
            if older(n).exists() {
                fs::rename(older(n), older(n + 1)).unwrap();
            }
        }
        append(&path, format!("{round} end\n"));
        fs::rename(&path, folder.path().join("app.log.1")).unwrap();
        append(&path, format!("{round} begin\n"));
        // So that one file is not as old as another.
        while fs::metadata(&path).unwrap().modified().unwrap()
            == fs::metadata(folder.path().join("app.log.1")).unwrap().modified().unwrap()
        {
            fs::remove_file(&path).unwrap();
            append(&path, format!("{round} begin\n"));
        }
    }
    append(&folder.path().join("app.log.old"), "not one of them\n");
    let mut expected = Vec::new();
    for round in 0..10 {
        expected.extend([format!("{round} end"), format!("{round} begin")]);
    }
    assert_eq!(lines(&mut flow, 20).await, expected);
    assert_quiet(&mut flow).await;
}

#[tokio::test(start_paused = true)]
async fn a_deleted_file_is_read_to_its_end_and_its_successor_from_the_start() {
    let (_folder, path) = log();
    let mut flow = tail(&path);
    append(&path, "1\n");
    assert_eq!(lines(&mut flow, 1).await, ["1"]);
    append(&path, "2\n3");
    fs::remove_file(&path).unwrap();
    assert_eq!(lines(&mut flow, 2).await, ["2", "3…"]);
    // It may get the same inode.
    append(&path, "4\n");
    assert_eq!(lines(&mut flow, 1).await, ["4"]);
    assert_quiet(&mut flow).await;
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_away_for_a_while_is_not_read_twice() {
    let (folder, path) = log();
    let mut flow = tail(&path);
    let away = folder.path().join("away");
    append(&path, "1\n");
    assert_eq!(lines(&mut flow, 1).await, ["1"]);
    for (wait, text) in [(1, "2"), (600, "3")] {
        fs::rename(&path, &away).unwrap();
        let waited = timeout(Duration::from_secs(wait), flow.next()).await;
        assert!(waited.is_err(), "{waited:?}");
        fs::rename(&away, &path).unwrap();
        append(&path, format!("{text}\n"));
        assert_eq!(lines(&mut flow, 1).await, [text]);
    }
    assert_quiet(&mut flow).await;
}

#[tokio::test(start_paused = true)]
async fn a_truncated_file_is_read_from_its_start() {
    let (_folder, path) = log();
    let mut flow = tail(&path);
    append(&path, "first\nsecond\nhal");
    assert_eq!(lines(&mut flow, 2).await, ["first", "second"]);
    assert_quiet(&mut flow).await;
    fs::write(&path, "a\n").unwrap();
    assert_eq!(lines(&mut flow, 2).await, ["hal…", "a"]);
    // Longer than before at the next look: it begins otherwise.
    fs::write(&path, "another\n and much more than there was\n").unwrap();
    assert_eq!(lines(&mut flow, 2).await, ["another", " and much more than there was"]);
    assert_quiet(&mut flow).await;
}

#[tokio::test(start_paused = true)]
async fn copied_and_truncated_is_like_truncated_and_the_copy_is_not_read() {
    let (folder, path) = log();
    let mut flow = tail(&path);
    for round in 0..5 {
        append(&path, format!("{round} a\n{round} b\n"));
        let expected = [format!("{round} a"), format!("{round} b")];
        assert_eq!(lines(&mut flow, 2).await, expected);
        fs::copy(&path, folder.path().join(format!("app.log.{round}"))).unwrap();
        File::options().write(true).truncate(true).open(&path).unwrap();
        assert_quiet(&mut flow).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_truncated_unread_is_told() {
    let (_folder, path) = log();
    append(&path, "0123456789\n".repeat(100_000));
    let mut flow = tail(&path);
    assert_eq!(lines(&mut flow, 1).await, ["0123456789"]);
    fs::write(&path, "new\n").unwrap();
    let rest: Vec<String> = flow.map(text).take_while_inclusive(|text| text != "new").collect().await.unwrap();
    let told: Vec<_> = rest.iter().filter(|text| text.contains("was truncated when")).collect();
    assert_eq!(told.len(), 1);
    let unread: u64 = told[0].split(' ').find_map(|word| word.parse().ok()).unwrap();
    // The second piece was on its way, and may have been cut short.
    let piece = 256 * 1024;
    assert!((1_100_000 - 2 * piece..=1_100_000 - piece).contains(&unread), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn it_begins_at_the_end_with_the_next_line_that_begins() {
    let (folder, path) = log();
    append(&path, "old\nin the mid");
    let mut flow = Tail::new(&path).from_end().flow();
    assert_quiet(&mut flow).await;
    append(&path, "dle\nnew\n");
    assert_eq!(lines(&mut flow, 1).await, ["new"]);
    fs::rename(&path, folder.path().join("app.log.1")).unwrap();
    append(&path, "all of this\n");
    assert_eq!(lines(&mut flow, 1).await, ["all of this"]);

    append(&path, "last\n");
    let mut flow = Tail::new(&path).from_end().flow();
    assert_quiet(&mut flow).await;
    append(&path, "next\n");
    assert_eq!(lines(&mut flow, 1).await, ["next"]);
}

#[tokio::test(start_paused = true)]
async fn it_begins_at_a_position_in_whatever_file_that_is_by_now() {
    let (folder, path) = log();
    append(&path, "1\n2\n3\n");
    let position = tail(&path).raise().next().await.unwrap().unwrap().position();
    let text = position.to_string();
    assert_eq!(text.parse::<Position>(), Ok(position));
    assert!("1:2:3".parse::<Position>().is_err() && format!("{text}:1").parse::<Position>().is_err());

    let from = || Tail::new(&path).from_position(position).flow();
    assert_eq!(lines(&mut from(), 2).await, ["2", "3"]);
    fs::rename(&path, folder.path().join("under another name")).unwrap();
    append(&path, "4\n");
    let mut flow = from();
    assert_eq!(lines(&mut flow, 3).await, ["2", "3", "4"]);
    assert_quiet(&mut flow).await;

    fs::remove_file(folder.path().join("under another name")).unwrap();
    let seen = lines(&mut from(), 2).await;
    assert!(seen[0].ends_with("that was read up to byte 2, is gone") || seen[0].contains("read up to byte 2"), "{seen:?}");
    assert_eq!(seen[1], "4");
}

#[tokio::test(start_paused = true)]
async fn a_file_that_got_the_number_of_another_is_not_taken_for_it() {
    let (_folder, path) = log();
    append(&path, "1\n2\n3\n");
    let position = tail(&path).raise().next().await.unwrap().unwrap().position();
    // The same inode, and long enough.
    fs::write(&path, "a\nb\nc\nd\n").unwrap();
    let mut flow = Tail::new(&path).from_position(position).flow();
    let seen = lines(&mut flow, 5).await;
    assert!(seen[0].contains("is gone"), "{seen:?}");
    assert_eq!(seen[1..], ["a", "b", "c", "d"]);
}

#[tokio::test(start_paused = true)]
async fn lines_that_are_too_long_are_told_and_passed_over() {
    let (_folder, path) = log();
    let huge = "z".repeat(200_000);
    append(&path, format!("12345\r\n123456\nok\n{huge}\nfine\n{huge}"));
    let mut flow = Tail::new(&path).max_length(5).flow();
    let seen = lines(&mut flow, 6).await;
    let too_long = |offset: usize| {
        format!(
            "!the line after byte {offset} of {} is longer than 5 bytes; allow more with `max_length`",
            path.display()
        )
    };
    let second = 7 + 7 + 3 + 200_001 + 5;
    assert_eq!(
        seen,
        ["12345", &too_long(7), "ok", &too_long(17), "fine", &too_long(second)]
    );
    append(&path, "zzz\nend\n");
    assert_eq!(lines(&mut flow, 1).await, ["end"], "the rest of it is no line");
}

#[tokio::test(start_paused = true)]
async fn a_line_far_longer_than_the_limit_is_told_and_passed_over() {
    let (_folder, path) = log();
    // It takes no room on the disk: all of it is a hole.
    File::create(&path).unwrap().set_len(4 << 20).unwrap();
    append(&path, "\nnext\n");
    let seen = lines(&mut tail(&path), 2).await;
    assert!(seen[0].contains("is longer than 1048576 bytes"), "{seen:?}");
    assert_eq!(seen[1], "next");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_text_is_for_the_consumer_to_judge() {
    let (_folder, path) = log();
    append(&path, b"fine\n\xffbad\xfe\nend\n");
    let all: Vec<Line> = tail(&path).raise().take(3).collect().await.unwrap();
    assert_eq!(all[1].bytes(), b"\xffbad\xfe");
    assert_eq!(all[1].to_text_lossy(), "\u{fffd}bad\u{fffd}");
    let error = all[1].clone().into_text().unwrap_err();
    let expected = format!("the line after byte 5 of {} is not UTF-8", path.display());
    assert_eq!(error.to_string(), expected);
    let texts = tail(&path).map(|line| line?.into_text()).raise();
    assert_eq!(texts.collect::<Vec<_>>().await.unwrap_err().to_string(), expected);
}

#[tokio::test(start_paused = true)]
async fn many_files_are_followed_at_once_each_in_its_order() {
    let (folder, _) = log();
    let paths: Vec<_> = (0..50).map(|n| folder.path().join(format!("{n}.log"))).collect();
    append(&folder.path().join("7.log.9"), "before it began\n");
    let mut flow = tail_all(paths.iter().chain(&paths));
    assert_quiet(&mut flow).await;
    for round in 0..5 {
        for (n, path) in paths.iter().enumerate() {
            append(path, format!("{n} {round} a\n{n} {round} b\n"));
            if n % 7 == round {
                fs::rename(path, folder.path().join(format!("{n}.log.{round}"))).unwrap();
                append(path, format!("{n} {round} c\n"));
            }
        }
        let mut expected = Vec::new();
        for n in 0..50 {
            let last = if n % 7 == round { "abc" } else { "ab" };
            expected.extend(last.chars().map(|letter| format!("{n} {round} {letter}")));
        }
        let mut seen = lines(&mut flow, expected.len()).await;
        // Each file in its order; a stable sort by file leaves that as it is.
        seen.sort_by_key(|text| text.split(' ').next().unwrap().parse::<u32>().unwrap());
        assert_eq!(seen, expected);
    }
    assert_quiet(&mut flow).await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_is_the_end_and_a_line_without_end_comes_only_if_it_is_asked_for() {
    let (_folder, path) = log();
    append(&path, "1\nunended");
    for (tells, expected) in [(false, 0), (true, 1)] {
        let tail = Tail::new(&path);
        let tail = if tells { tail.unended_on_stop() } else { tail };
        let mut flow = pin!(tail.flow());
        assert_eq!(lines(&mut flow, 1).await, ["1"]);
        let (items, polled) = poll(flow.as_mut(), 8, true).await;
        assert_eq!(items, expected);
        assert!(matches!(polled, Poll::Ready(Ok(Drained::Completed))), "{polled:?}");
        assert!(flow.next().await.unwrap().is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_told_once_and_tried_again() {
    let (folder, path) = log();
    fs::create_dir(&path).unwrap();
    let mut flow = tail(&path);
    let told = lines(&mut flow, 1).await;
    assert!(told[0].starts_with(&format!("!cannot follow {}: ", path.display())), "{told:?}");
    assert_quiet(&mut flow).await;
    fs::remove_dir(&path).unwrap();
    append(&path, "1\n");
    assert_eq!(lines(&mut flow, 1).await, ["1"]);
    // A link that leads to another file from now on is a rotation as well.
    let link = folder.path().join("link");
    symlink(&path, &link).unwrap();
    let mut flow = tail(&link);
    assert_eq!(lines(&mut flow, 1).await, ["1"]);
    append(&folder.path().join("other"), "2\n");
    fs::remove_file(&link).unwrap();
    symlink("other", &link).unwrap();
    assert_eq!(lines(&mut flow, 1).await, ["2"]);
}

#[tokio::test(start_paused = true)]
async fn it_conforms() {
    let (_folder, path) = log();
    append(&path, "0123456789\n".repeat(200));
    assert_conforms(|token| {
        let _ = &token;
        tail(&path).map(move |item| {
            let _ = &token;
            text(item)
        })
    })
    .await;
}
