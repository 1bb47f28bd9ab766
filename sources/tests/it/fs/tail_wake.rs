//! What the system tells wakes a tail whose next look is far away.
//!
//! First the clock is paused, until nothing is left to do but to wait; from then on it runs, and no look is due for weeks.

use std::{
    fs::{self, File, OpenOptions},
    io::Write as _,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    time::Duration,
};

use tempfile::{TempDir, tempdir};
use thalweg::{
    Flow,
    prelude::*,
    sources::{PositionStore, Tail},
};
use tokio::time::{pause, resume, timeout};

/// Until the system has told; only reached if it does not.
const PATIENCE: Duration = Duration::from_secs(30);

const NEVER: Duration = Duration::from_hours(24 * 30);

fn folder() -> (TempDir, PathBuf) {
    let folder = tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap();
    (folder, path)
}

fn append(path: &Path, text: &str) {
    let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

fn start(tail: Tail) -> Flow<Tail> {
    tail.every(NEVER).linger(NEVER).flow()
}

/// Goes on until it waits for what the system tells, and for nothing else.
async fn settle(flow: &mut Flow<Tail>) {
    pause();
    let waited = timeout(Duration::from_mins(1), flow.next()).await;
    assert!(waited.is_err(), "{waited:?}");
    resume();
}

async fn next(flow: &mut Flow<Tail>) -> String {
    let next = timeout(PATIENCE, flow.next()).await;
    let line = next.expect("nobody woke it").unwrap().expect("it never completes");
    line.unwrap().into_text().unwrap()
}

#[tokio::test]
async fn a_line_comes_when_it_is_written() {
    let (_folder, root) = folder();
    let path = root.join("app.log");
    append(&path, "0\n");
    let mut flow = start(Tail::new(&path));
    assert_eq!(next(&mut flow).await, "0");
    for n in 1..20 {
        settle(&mut flow).await;
        append(&path, &format!("{n}\n"));
        assert_eq!(next(&mut flow).await, n.to_string());
    }
    // As well if it is truncated.
    settle(&mut flow).await;
    fs::write(&path, "new\n").unwrap();
    assert_eq!(next(&mut flow).await, "new");
}

#[tokio::test]
async fn a_file_is_noticed_when_it_is_made_also_in_a_folder_that_is_not_there_yet() {
    let (_folder, root) = folder();
    for path in ["made.log", "new/made.log", "more/than/one/made.log"] {
        let path = root.join(path);
        let mut flow = start(Tail::new(&path));
        settle(&mut flow).await;
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        append(&path, "1\n");
        assert_eq!(next(&mut flow).await, "1");
        settle(&mut flow).await;
        append(&path, "2\n");
        assert_eq!(next(&mut flow).await, "2");
    }
    // One after the other, with all the time in the world in between.
    let path = root.join("some/folders/made.log");
    let mut flow = start(Tail::new(&path));
    for made in ["some", "some/folders"] {
        settle(&mut flow).await;
        fs::create_dir(root.join(made)).unwrap();
    }
    settle(&mut flow).await;
    File::create(&path).unwrap();
    settle(&mut flow).await;
    append(&path, "1\n");
    assert_eq!(next(&mut flow).await, "1");
}

#[tokio::test]
async fn a_rotation_is_noticed_and_so_are_late_lines_in_the_file_that_was_renamed() {
    let (_folder, root) = folder();
    let path = root.join("app.log");
    append(&path, "1\n");
    let mut writer = OpenOptions::new().append(true).open(&path).unwrap();
    let mut flow = start(Tail::new(&path));
    assert_eq!(next(&mut flow).await, "1");
    settle(&mut flow).await;
    fs::rename(&path, root.join("under another name")).unwrap();
    settle(&mut flow).await;
    writer.write_all(b"late\n").unwrap();
    assert_eq!(next(&mut flow).await, "late");
    settle(&mut flow).await;
    append(&path, "2\n");
    assert_eq!(next(&mut flow).await, "2");
    // A removed file has no name at all.
    fs::remove_file(&path).unwrap();
    settle(&mut flow).await;
    append(&path, "3\n");
    assert_eq!(next(&mut flow).await, "3");
}

#[tokio::test]
async fn a_folder_that_is_replaced_is_listened_to() {
    let (_folder, root) = folder();
    let (logs, path) = (root.join("logs"), root.join("logs/app.log"));
    for n in 0..3 {
        fs::create_dir(&logs).unwrap();
        append(&path, &format!("{n} a\n"));
        let mut flow = start(Tail::new(&path));
        assert_eq!(next(&mut flow).await, format!("{n} a"));
        settle(&mut flow).await;
        if n == 1 {
            fs::remove_dir_all(&logs).unwrap();
            settle(&mut flow).await;
        } else {
            fs::rename(&logs, root.join(format!("logs.{n}"))).unwrap();
        }
        fs::create_dir(&logs).unwrap();
        append(&path, &format!("{n} b\n"));
        assert_eq!(next(&mut flow).await, format!("{n} b"));
        settle(&mut flow).await;
        append(&path, &format!("{n} c\n"));
        assert_eq!(next(&mut flow).await, format!("{n} c"));
        fs::remove_dir_all(&logs).unwrap();
    }
}

#[tokio::test]
async fn where_a_link_leads_is_listened_to() {
    let (_folder, root) = folder();
    for name in ["first", "second"] {
        fs::create_dir(root.join(name)).unwrap();
        append(&root.join(name).join("0.log"), &format!("{name} 1\n"));
    }
    let link = root.join("link.log");
    symlink("first/0.log", &link).unwrap();
    let mut flow = start(Tail::new(&link));
    assert_eq!(next(&mut flow).await, "first 1");
    settle(&mut flow).await;
    append(&root.join("first/0.log"), "first 2\n");
    assert_eq!(next(&mut flow).await, "first 2");
    settle(&mut flow).await;
    fs::remove_file(&link).unwrap();
    symlink("second/0.log", &link).unwrap();
    assert_eq!(next(&mut flow).await, "second 1");
    settle(&mut flow).await;
    append(&root.join("second/0.log"), "second 2\n");
    assert_eq!(next(&mut flow).await, "second 2");
}

#[tokio::test]
async fn after_a_stream_of_lines_it_is_told_of_one_again() {
    let (_folder, root) = folder();
    let path = root.join("app.log");
    let mut flow = start(Tail::new(&path));
    let long = "x".repeat(99);
    for round in 0..3 {
        settle(&mut flow).await;
        // More than 40 looks read, one after the other, and each finds lines.
        pause();
        append(&path, &format!("{long}\n").repeat(105_000));
        for _ in 0..105_000 {
            let line = flow.next().await.unwrap().expect("it never completes");
            assert_eq!(line.unwrap().bytes(), long.as_bytes());
        }
        resume();
        settle(&mut flow).await;
        append(&path, &format!("one {round}\n"));
        assert_eq!(next(&mut flow).await, format!("one {round}"));
    }
}

#[tokio::test]
async fn of_many_files_each_wakes_it() {
    let (_folder, root) = folder();
    let paths: Vec<_> = (0..30).map(|n| root.join(format!("{}/{n}.log", n % 3))).collect();
    let mut flow = start(Tail::all(&paths));
    settle(&mut flow).await;
    for (n, path) in paths.iter().enumerate() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        append(path, &format!("{n}\n"));
        assert_eq!(next(&mut flow).await, n.to_string());
        settle(&mut flow).await;
    }
    for (n, path) in paths.iter().enumerate() {
        append(path, &format!("{n}\n"));
        assert_eq!(next(&mut flow).await, n.to_string());
        settle(&mut flow).await;
    }
}

#[tokio::test]
async fn new_files_and_folders_of_a_pattern_are_noticed() {
    let (_folder, root) = folder();
    for (pattern, paths) in [
        ("a/*.log", &["a/1.log", "a/2.log"][..]),
        ("b/*/*.log", &["b/one/1.log", "b/two/1.log", "b/one/2.log"]),
        ("c/**/*.log", &["c/1.log", "c/one/two/1.log", "c/one/two/three/four/1.log"]),
        ("d/*/now/app.log", &["d/one/now/app.log", "d/two/now/app.log"]),
    ] {
        let pattern = root.join(pattern);
        let mut flow = start(Tail::glob(pattern.to_str().unwrap()).unwrap());
        for path in paths {
            settle(&mut flow).await;
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            append(&path, "1\n");
            assert_eq!(next(&mut flow).await, "1");
            settle(&mut flow).await;
            append(&path, "2\n");
            assert_eq!(next(&mut flow).await, "2");
        }
        settle(&mut flow).await;
        for path in paths {
            append(&root.join(path), "3\n");
            assert_eq!(next(&mut flow).await, "3");
            settle(&mut flow).await;
        }
    }
}

#[tokio::test]
async fn lines_that_are_tracked_come_as_soon() {
    let (_folder, root) = folder();
    let path = root.join("app.log");
    let store = PositionStore::new(root.join("positions"));
    let mut flow = Tail::new(&path).every(NEVER).tracked(&store).save_every(NEVER).flow();
    for n in 0..3 {
        pause();
        let waited = timeout(Duration::from_mins(1), flow.next()).await;
        assert!(waited.is_err(), "{waited:?}");
        resume();
        append(&path, &format!("{n}\n"));
        let next = timeout(PATIENCE, flow.next()).await;
        let line = next.expect("nobody woke it").unwrap().unwrap().unwrap();
        assert_eq!(line.ack().into_text().unwrap(), n.to_string());
    }
}
