//! On a paused clock, as those of `tail`: what happens to the files happens between the looks.

use std::{
    env,
    fs::{self, File, OpenOptions},
    io::Write as _,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    time::Duration,
};

use tempfile::{TempDir, tempdir};
use thalweg::{
    Flow, Observable,
    prelude::*,
    sources::{Line, PatternError, PositionStore, Tail, TailError, TrackedTail, tail_all, tail_glob},
};
use tokio::time::timeout;

use crate::contract::assert_conforms;

struct World {
    _folder: TempDir,
    root: PathBuf,
}

impl World {
    fn new() -> Self {
        let folder = tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        Self { _folder: folder, root }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    fn pattern(&self, pattern: &str) -> String {
        self.path(pattern).to_str().unwrap().to_owned()
    }

    fn append(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).unwrap();
    }

    fn glob(&self, pattern: &str) -> Tail {
        Tail::glob(&self.pattern(pattern)).unwrap()
    }

    fn positions(&self) -> PathBuf {
        self.path("positions")
    }

    /// A program that begins: nothing of an earlier one is left but the files.
    fn start(&self, pattern: &str) -> (Flow<TrackedTail>, PositionStore) {
        let store = PositionStore::new(self.positions());
        (self.glob(pattern).tracked(&store).flow(), store)
    }

    /// Each line with the name of its path.
    fn name(&self, line: &Line) -> String {
        let name = line.path().strip_prefix(&self.root).unwrap_or(line.path());
        format!("{}: {}", name.display(), line.to_text_lossy())
    }
}

async fn items<O: Observable<Error: std::fmt::Debug> + Unpin>(flow: &mut Flow<O>, count: usize) -> Vec<O::Item> {
    let mut seen = Vec::new();
    while seen.len() < count {
        // Virtual time: a thousand looks find nothing.
        let Ok(next) = timeout(Duration::from_secs(250), flow.next()).await else {
            panic!("{} of {count} items came", seen.len());
        };
        seen.push(next.unwrap().expect("it never completes"));
    }
    seen
}

/// The next so many lines, sorted: between files there is no order.
async fn lines(world: &World, flow: &mut Flow<Tail>, count: usize) -> Vec<String> {
    let seen = items(flow, count).await.into_iter();
    let mut seen: Vec<_> = seen.map(|line| world.name(&line.unwrap())).collect();
    seen.sort();
    seen
}

async fn acked(world: &World, flow: &mut Flow<TrackedTail>, count: usize) -> Vec<String> {
    let seen = items(flow, count).await.into_iter();
    let mut seen: Vec<_> = seen
        .map(|item| match item {
            Ok(line) => world.name(&line.ack()),
            Err(error) => format!("!{error}"),
        })
        .collect();
    seen.sort();
    seen
}

async fn assert_quiet<O: Observable<Item: std::fmt::Debug, Error: std::fmt::Debug> + Unpin>(flow: &mut Flow<O>) {
    let waited = timeout(Duration::from_mins(1), flow.next()).await;
    assert!(waited.is_err(), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn files_that_are_there_and_files_that_come_later_are_followed() {
    let world = World::new();
    world.append("a.log", "1\n");
    world.append("b.txt", "not one of them\n");
    world.append(".hidden.log", "nor this\n");
    fs::create_dir(world.path("folder.log")).unwrap();
    let mut flow = tail_glob(&world.pattern("*.log")).unwrap();
    assert_eq!(lines(&world, &mut flow, 1).await, ["a.log: 1"]);
    assert_quiet(&mut flow).await;
    world.append("b.log", "1\n");
    world.append("a.log", "2\n");
    assert_eq!(lines(&world, &mut flow, 2).await, ["a.log: 2", "b.log: 1"]);
    world.append("b.log", "2\nun");
    assert_eq!(lines(&world, &mut flow, 1).await, ["b.log: 2"]);
    world.append("b.log", "ended\n");
    assert_eq!(lines(&world, &mut flow, 1).await, ["b.log: unended"]);
    assert_quiet(&mut flow).await;
}

#[tokio::test(start_paused = true)]
async fn folders_may_be_of_the_pattern_and_come_later_too() {
    let world = World::new();
    let mut one = world.glob("pods/*/0.log").flow();
    let mut any = world.glob("pods/**/*.log").flow();
    let mut all = world.glob("pods/**").flow();
    for flow in [&mut one, &mut any, &mut all] {
        assert_quiet(flow).await;
    }
    world.append("pods/x/0.log", "1\n");
    world.append("pods/x/deep/1.log", "2\n");
    world.append("pods/y.txt", "3\n");
    assert_eq!(lines(&world, &mut one, 1).await, ["pods/x/0.log: 1"]);
    let expected = ["pods/x/0.log: 1", "pods/x/deep/1.log: 2", "pods/y.txt: 3"];
    assert_eq!(lines(&world, &mut any, 2).await, expected[..2]);
    assert_eq!(lines(&world, &mut all, 3).await, expected);
    for flow in [&mut one, &mut any, &mut all] {
        assert_quiet(flow).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_path_is_as_the_pattern_is_relative_or_not() {
    let world = World::new();
    world.append("a.log", "1\n");
    let up = env::current_dir().unwrap().components().skip(1).map(|_| "..").collect::<PathBuf>();
    let relative = up.join(world.root.strip_prefix("/").unwrap());
    for pattern in [relative.clone(), Path::new(".").join(&relative)] {
        let mut flow = tail_glob(pattern.join("*.log").to_str().unwrap()).unwrap();
        let line = items(&mut flow, 1).await.remove(0).unwrap();
        assert_eq!(line.path(), relative.join("a.log"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_renamed_within_the_pattern_is_read_once() {
    let world = World::new();
    world.append("app.log", "0 a\n");
    let mut flow = world.glob("app.log*").flow();
    assert_eq!(lines(&world, &mut flow, 1).await, ["app.log: 0 a"]);
    for round in 1..6 {
        world.append("app.log", &format!("{round} unread\n"));
        for n in (0..round).rev() {
            let from = if n == 0 { "app.log".to_owned() } else { format!("app.log.{n}") };
            world.rename(&from, &format!("app.log.{}", n + 1));
        }
        world.append("app.log", &format!("{round} new\n"));
        let expected = [format!("app.log: {round} new"), format!("app.log: {round} unread")];
        assert_eq!(lines(&world, &mut flow, 2).await, expected);
        // Its writer has it open.
        world.append("app.log.1", &format!("{round} late\n"));
        assert_eq!(lines(&world, &mut flow, 1).await, [format!("app.log: {round} late")]);
        // Longer than a file that was renamed is followed under its old path.
        assert_quiet(&mut flow).await;
        world.append("app.log.1", &format!("{round} later\n"));
        assert_eq!(lines(&world, &mut flow, 1).await, [format!("app.log.1: {round} later")]);
        assert_quiet(&mut flow).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_that_several_paths_lead_to_is_read_once() {
    let world = World::new();
    world.append("a.log", "1\n");
    symlink("a.log", world.path("current.log")).unwrap();
    fs::hard_link(world.path("a.log"), world.path("same.log")).unwrap();
    let paths = ["current.log", "a.log", "same.log"].map(|name| world.path(name));
    let flows = [world.glob("*.log").flow(), tail_all(paths)];
    for mut flow in flows {
        assert_eq!(lines(&world, &mut flow, 1).await, ["a.log: 1"]);
        assert_quiet(&mut flow).await;
        let mut file = OpenOptions::new().append(true).open(world.path("current.log")).unwrap();
        file.write_all(b"2\n").unwrap();
        assert_eq!(lines(&world, &mut flow, 1).await, ["a.log: 2"]);
        assert_quiet(&mut flow).await;
        fs::write(world.path("a.log"), "1\n").unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_gone_is_read_to_its_end_and_one_that_takes_its_place_from_the_start() {
    let world = World::new();
    let mut flow = world.glob("*.log").flow();
    for round in 0..5 {
        world.append("a.log", &format!("{round} 1\n"));
        assert_eq!(lines(&world, &mut flow, 1).await, [format!("a.log: {round} 1")]);
        world.append("a.log", &format!("{round} 2\n"));
        world.remove("a.log");
        assert_eq!(lines(&world, &mut flow, 1).await, [format!("a.log: {round} 2")]);
        assert_quiet(&mut flow).await;
    }
    // Away for a while, and back.
    world.append("a.log", "same 1\n");
    assert_eq!(lines(&world, &mut flow, 1).await, ["a.log: same 1"]);
    world.rename("a.log", "away");
    assert_quiet(&mut flow).await;
    world.rename("away", "b.log");
    assert_quiet(&mut flow).await;
    world.append("b.log", "same 2\n");
    assert_eq!(lines(&world, &mut flow, 1).await, ["b.log: same 2"]);
}

#[tokio::test(start_paused = true)]
async fn files_that_begin_as_removed_ones_did_are_others() {
    let world = World::new();
    let mut flows = [world.glob("*.log").flow(), tail_all([world.path("0.log")])];
    for round in 0..5 {
        // Most file systems give the number of the last file to the next.
        let name = format!("{}.log", round % 2);
        world.append(&name, "1\n2\n");
        for flow in &mut flows[..=usize::from(round % 2 == 0)] {
            let expected = [1, 2].map(|line| format!("{name}: {line}"));
            assert_eq!(lines(&world, flow, 2).await, expected);
        }
        world.remove(&name);
        for flow in &mut flows {
            assert_quiet(flow).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn from_the_end_is_of_the_files_that_are_there() {
    let world = World::new();
    world.append("a.log", "old\n");
    let mut flow = world.glob("*.log").from_end().flow();
    assert_quiet(&mut flow).await;
    world.append("a.log", "new\n");
    world.append("b.log", "all\n");
    assert_eq!(lines(&world, &mut flow, 2).await, ["a.log: new", "b.log: all"]);
    assert_quiet(&mut flow).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_no_pattern_is_told() {
    let error = |pattern| tail_glob(pattern).unwrap_err();
    let text = |pattern| error(pattern).to_string();
    let expected = "`logs/[a.log` is not a pattern of paths: invalid range pattern";
    assert!(text("logs/[a.log").starts_with(expected), "{}", text("logs/[a.log"));
    assert!(text("logs/***.log").starts_with("`logs/***.log` is not a pattern of paths: wildcards"));
    assert!(text("a[/]b").starts_with("`a[/]b` is not a pattern of paths: "));
    let nothing: PatternError = error(".");
    assert_eq!(nothing.to_string(), "`.` is not a pattern of paths: it names no file, at character 0");
    assert_eq!((nothing.pattern(), nothing.position()), (".", 0));
    assert_eq!(text("").len(), text(".").len() - 1);
}

#[tokio::test(start_paused = true)]
async fn a_plain_path_and_escaped_signs_are_patterns_too() {
    let world = World::new();
    let mut plain = world.glob("logs/a.log").flow();
    let mut star = world.glob("logs/[*].log").flow();
    assert_quiet(&mut plain).await;
    world.append("logs/a.log", "1\n");
    world.append("logs/*.log", "2\n");
    assert_eq!(lines(&world, &mut plain, 1).await, ["logs/a.log: 1"]);
    assert_eq!(lines(&world, &mut star, 1).await, ["logs/*.log: 2"]);
    assert_quiet(&mut star).await;
}

#[tokio::test(start_paused = true)]
async fn files_without_end_come_and_go_and_the_store_does_not_grow() {
    let world = World::new();
    let (mut flow, store) = world.start("logs/*.log");
    for n in 0..40 {
        world.append(&format!("logs/{n}.log"), "1\n2\n");
        let expected = [1, 2].map(|line| format!("logs/{n}.log: {line}"));
        assert_eq!(acked(&world, &mut flow, 2).await, expected);
        world.remove(&format!("logs/{n}.log"));
    }
    assert_quiet(&mut flow).await;
    world.append("logs/last.log", "1\n");
    assert_eq!(acked(&world, &mut flow, 1).await, ["logs/last.log: 1"]);
    assert_quiet(&mut flow).await;
    store.save().await.unwrap();
    let saved = fs::read_to_string(world.positions()).unwrap();
    assert_eq!(saved.lines().count(), 2, "{saved}");
    assert!(saved.ends_with("/logs/last.log\n"), "{saved}");
    drop(flow);
    let (mut flow, _) = world.start("logs/*.log");
    assert_quiet(&mut flow).await;
}

#[tokio::test(start_paused = true)]
async fn a_path_is_not_forgotten_before_its_lines_are_acknowledged() {
    let world = World::new();
    let (mut flow, store) = world.start("logs/*.log");
    world.append("logs/a.log", "1\n2\n");
    let mut two = items(&mut flow, 2).await;
    let (last, first) = (two.pop().unwrap().unwrap(), two.pop().unwrap().unwrap());
    world.rename("logs/a.log", "logs/a.log.1");
    first.ack();
    assert_quiet(&mut flow).await;
    store.save().await.unwrap();
    // As if killed: the second is never settled.
    std::mem::forget(last);
    drop(flow);
    let (mut flow, store) = world.start("logs/*.log");
    assert_eq!(acked(&world, &mut flow, 1).await, ["logs/a.log: 2"], "under whatever name");
    assert_quiet(&mut flow).await;
    store.save().await.unwrap();
    let saved = fs::read_to_string(world.positions()).unwrap();
    assert_eq!(saved.lines().count(), 1, "{saved}");
}

#[tokio::test(start_paused = true)]
async fn rotations_within_the_pattern_while_it_was_down_repeat_nothing_and_leave_nothing_out() {
    let world = World::new();
    world.append("logs/app.log", "1\n2\n");
    world.append("logs/app.log.1", "0\n");
    let (mut flow, store) = world.start("logs/app.log*");
    let expected = ["logs/app.log.1: 0", "logs/app.log: 1", "logs/app.log: 2"];
    assert_eq!(acked(&world, &mut flow, 3).await, expected);
    world.append("logs/app.log", "3\n");
    store.save().await.unwrap();
    drop(flow);
    world.append("logs/app.log", "4\n");
    world.rename("logs/app.log.1", "logs/app.log.2");
    world.rename("logs/app.log", "logs/app.log.1");
    world.append("logs/app.log", "5\n");
    let (mut flow, store) = world.start("logs/app.log*");
    let expected = ["logs/app.log: 3", "logs/app.log: 4", "logs/app.log: 5"];
    assert_eq!(acked(&world, &mut flow, 3).await, expected);
    assert_quiet(&mut flow).await;
    store.save().await.unwrap();
    drop(flow);
    let (mut flow, _) = world.start("logs/app.log*");
    assert_quiet(&mut flow).await;
    for name in ["logs/app.log", "logs/app.log.1", "logs/app.log.2"] {
        world.append(name, "end\n");
        assert_eq!(acked(&world, &mut flow, 1).await, [format!("{name}: end")]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_that_went_while_it_was_down_is_told_once() {
    let world = World::new();
    world.append("logs/a.log", "1\n2\n");
    let (mut flow, store) = world.start("logs/*.log");
    assert_eq!(acked(&world, &mut flow, 1).await, ["logs/a.log: 1"]);
    store.save().await.unwrap();
    drop(flow);
    world.remove("logs/a.log");
    let (mut flow, store) = world.start("logs/*.log");
    let told = acked(&world, &mut flow, 1).await;
    assert!(told[0].contains("logs/a.log was, and that was read up to byte 2, is gone"), "{told:?}");
    assert_quiet(&mut flow).await;
    store.save().await.unwrap();
    let (mut flow, _) = world.start("logs/*.log");
    assert_quiet(&mut flow).await;
}

#[tokio::test(start_paused = true)]
async fn the_file_of_positions_is_not_followed() {
    let world = World::new();
    world.append("a.log", "1\n");
    File::create(world.path("positions.new")).unwrap();
    let (mut flow, store) = world.start("*");
    assert_eq!(acked(&world, &mut flow, 1).await, ["a.log: 1"]);
    store.save().await.unwrap();
    assert_quiet(&mut flow).await;
    assert!(world.positions().exists());
}

#[tokio::test(start_paused = true)]
async fn it_conforms() {
    let world = World::new();
    world.append("a.log", &"0123456789\n".repeat(100));
    world.append("b.log", &"0123456789\n".repeat(100));
    assert_conforms(|token| {
        let _ = &token;
        world.glob("*.log").flow().map(move |item: Result<Line, TailError>| {
            let _ = &token;
            item.map(|line| line.to_text_lossy().into_owned()).map_err(|error| error.to_string())
        })
    })
    .await;
}
