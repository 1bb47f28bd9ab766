//! Positions that are saved: what was acknowledged does not come again, what was not does.

use std::{
    fs::{self, File, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
    time::Duration,
};

use tempfile::{TempDir, tempdir};
use thalweg::{
    Acknowledge, Flow, Tracked,
    operators::error::Backoff,
    prelude::*,
    sinks,
    sources::{Line, PositionStore, Tail, TailError, TrackedTail},
};
use tokio::time::timeout;

struct World {
    folder: TempDir,
    path: PathBuf,
}

impl World {
    fn new() -> Self {
        let folder = tempdir().unwrap();
        let path = folder.path().join("app.log");
        Self { folder, path }
    }

    fn append(&self, text: &str) {
        let mut file = OpenOptions::new().create(true).append(true).open(&self.path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn rotate(&self, name: &str) {
        fs::rename(&self.path, self.folder.path().join(name)).unwrap();
    }

    fn positions(&self) -> PathBuf {
        self.folder.path().join("positions")
    }

    /// A program that begins: nothing of an earlier one is left but the files.
    fn start(&self) -> (Flow<TrackedTail>, PositionStore) {
        let store = PositionStore::new(self.positions());
        let flow = Tail::new(&self.path).tracked(&store).flow();
        (flow, store)
    }
}

type Item = Result<Tracked<Line>, TailError>;

async fn next(flow: &mut Flow<TrackedTail>) -> Item {
    let next = timeout(Duration::from_secs(250), flow.next()).await;
    next.expect("nothing comes").unwrap().expect("it never completes")
}

async fn texts(flow: &mut Flow<TrackedTail>, count: usize) -> Vec<String> {
    let mut seen = Vec::new();
    for _ in 0..count {
        seen.push(match next(flow).await {
            Ok(line) => line.ack().into_text().unwrap(),
            Err(error) => format!("!{error}"),
        });
    }
    seen
}

async fn assert_quiet(flow: &mut Flow<TrackedTail>) {
    let waited = timeout(Duration::from_mins(1), flow.next()).await;
    assert!(waited.is_err(), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn it_goes_on_after_what_was_acknowledged_without_a_gap() {
    let world = World::new();
    world.append("1\n2\n3\n4\n5\n");
    let (mut flow, store) = world.start();
    assert_eq!(texts(&mut flow, 2).await, ["1", "2"]);
    let three = next(&mut flow).await.unwrap();
    assert_eq!(texts(&mut flow, 1).await, ["4"], "out of order");
    store.save().await.unwrap();
    // As if killed: the third is never settled.
    std::mem::forget(three);
    drop(flow);
    let (mut flow, _) = world.start();
    assert_eq!(texts(&mut flow, 3).await, ["3", "4", "5"]);
    assert_quiet(&mut flow).await;
    drop(flow);
    // It saved by itself, in one of its looks.
    let (mut flow, store) = world.start();
    assert_quiet(&mut flow).await;
    world.append("6\n");
    assert_eq!(texts(&mut flow, 1).await, ["6"]);
    drop(flow);
    store.save().await.unwrap();
    let (mut flow, _) = world.start();
    assert_quiet(&mut flow).await;
}

#[tokio::test(start_paused = true)]
async fn positions_are_saved_and_files_given_up_in_time_however_rarely_it_looks() {
    let world = World::new();
    world.append("1\n2\n");
    let store = PositionStore::new(world.positions());
    let rarely = Tail::new(&world.path).every(Duration::from_hours(1));
    let mut flow = rarely.tracked(&store).flow();
    assert_eq!(texts(&mut flow, 2).await, ["1", "2"]);
    assert!(timeout(Duration::from_secs(2), flow.next()).await.is_err());
    let saved = || fs::read_to_string(world.positions()).unwrap();
    assert!(saved().contains(":4:") && saved().contains(" open "), "{}", saved());
    fs::remove_file(&world.path).unwrap();
    assert!(timeout(Duration::from_secs(8), flow.next()).await.is_err());
    assert!(saved().contains(" read "), "{}", saved());
}

#[tokio::test(start_paused = true)]
async fn rotations_while_it_was_down_leave_nothing_out() {
    let world = World::new();
    world.append("1\n2\n");
    let (mut flow, store) = world.start();
    assert_eq!(texts(&mut flow, 1).await, ["1"]);
    store.save().await.unwrap();
    drop(flow);
    let mut newest = fs::metadata(&world.path).unwrap().modified().unwrap();
    let mut expected = vec!["2".to_owned()];
    for n in 3..9 {
        world.rotate(&format!("app.log.{n}"));
        // Every file is younger than the last one.
        loop {
            world.append(&format!("{n}\n"));
            let modified = fs::metadata(&world.path).unwrap().modified().unwrap();
            if modified > newest {
                newest = modified;
                break;
            }
            fs::remove_file(&world.path).unwrap();
        }
        expected.push(n.to_string());
    }
    let (mut flow, store) = world.start();
    assert_eq!(texts(&mut flow, 7).await, expected);
    assert_quiet(&mut flow).await;
    store.save().await.unwrap();
    let (mut flow, _) = world.start();
    assert_quiet(&mut flow).await;
    let saved = fs::read_to_string(world.positions()).unwrap();
    assert_eq!(saved.lines().count(), 2, "only the last file is remembered: {saved}");
}

#[tokio::test(start_paused = true)]
async fn copied_and_truncated_while_it_was_down_goes_on_in_the_copy() {
    let world = World::new();
    world.append("1\n2\n3\n");
    let (mut flow, store) = world.start();
    assert_eq!(texts(&mut flow, 1).await, ["1"]);
    store.save().await.unwrap();
    drop(flow);
    fs::copy(&world.path, world.folder.path().join("app.log.1")).unwrap();
    File::options().write(true).truncate(true).open(&world.path).unwrap();
    world.append("4\n");
    let (mut flow, store) = world.start();
    assert_eq!(texts(&mut flow, 3).await, ["2", "3", "4"]);
    assert_quiet(&mut flow).await;
    store.save().await.unwrap();
    let (mut flow, _) = world.start();
    assert_quiet(&mut flow).await;
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_gone_is_told_once() {
    let world = World::new();
    world.append("1\n2\n");
    let (mut flow, store) = world.start();
    assert_eq!(texts(&mut flow, 1).await, ["1"]);
    store.save().await.unwrap();
    drop(flow);
    fs::remove_file(&world.path).unwrap();
    world.append("new beginning\n");
    let (mut flow, store) = world.start();
    let seen = texts(&mut flow, 2).await;
    assert!(seen[0].contains("is gone"), "{seen:?}");
    assert_eq!(seen[1], "new beginning");
    store.save().await.unwrap();
    let (mut flow, _) = world.start();
    assert_quiet(&mut flow).await;
}

#[tokio::test(start_paused = true)]
async fn a_line_that_is_dropped_ends_the_flow_and_a_retry_has_it_again() {
    let world = World::new();
    world.append("1\n2\n3\n");
    let (mut flow, _store) = world.start();
    assert_eq!(texts(&mut flow, 1).await, ["1"]);
    drop(next(&mut flow).await);
    let error = flow.next().await.unwrap_err();
    assert!(matches!(&error, TailError::Unacknowledged { position, .. } if position.offset() == 4));
    assert!(error.to_string().contains("dropped without being acknowledged"), "{error}");
    assert!(flow.next().await.unwrap().is_none(), "an error is the end");

    let world = World::new();
    world.append("1\n2\n3\n");
    let (flow, _store) = world.start();
    let mut failures = 2;
    let seen = flow
        .retry(Backoff::fixed(Duration::from_secs(1)))
        .filter_map(|line| {
            let line = line.unwrap();
            if line.bytes() == b"2" && failures > 0 {
                failures -= 1;
                return None;
            }
            Some(line.ack().into_text().unwrap())
        })
        .take_while_inclusive(|text| text != "2");
    let seen = seen.collect::<Vec<_>>().await.unwrap();
    assert_eq!(seen.iter().filter(|text| *text == "1").count(), 1);
    assert_eq!(seen.last().map(String::as_str), Some("2"));
}

/// Every operator in between carries the duty: what is left out, told or written is dealt with, and only that.
#[tokio::test]
async fn acknowledgments_pass_through_a_whole_pipeline() {
    let world = World::new();
    world.append("# begin\n1 2\nthree\n4\n5 6\n");
    let sums = world.folder.path().join("sums");
    let (flow, store) = world.start();
    let mut told = Vec::new();
    let run = flow
        .raise()
        .take(5)
        .map(|line| line.map(|line| line.into_text().unwrap()))
        .filter_map(|line| line.filter(|line| !line.starts_with('#')))
        .flat_map_iter(|line| {
            let words = line.map(|line| line.split(' ').map(str::to_owned).collect::<Vec<_>>());
            words.each()
        })
        .map(|word| word.map(|word| word.parse::<u64>()).transpose())
        .ok_items(|error| told.push(error.ack().to_string()))
        .par_map(2, |number| number.map_async(async |number| number * 10))
        .chunks()
        .max(2)
        .map(Tracked::from_iter)
        .map(|pair| pair.map(|pair| pair.iter().sum::<u64>()))
        .run_into(Acknowledge::new(sinks::lines(&sums)));
    timeout(Duration::from_mins(1), run).await.unwrap().unwrap();
    assert_eq!(fs::read_to_string(&sums).unwrap(), "30\n90\n60\n");
    assert_eq!(told.len(), 1);
    store.save().await.unwrap();
    world.append("7\n");
    let (mut flow, _) = world.start();
    assert_eq!(texts(&mut flow, 1).await, ["7"], "all before it was dealt with");
}

#[tokio::test(start_paused = true)]
async fn so_many_lines_may_be_in_flight() {
    let world = World::new();
    world.append("1\n2\n3\n4\n");
    let store = PositionStore::new(world.positions());
    let mut flow = Tail::new(&world.path).tracked(&store).max_in_flight(2).flow();
    let one = next(&mut flow).await.unwrap();
    let two = next(&mut flow).await.unwrap();
    assert_quiet(&mut flow).await;
    two.ack();
    assert_quiet(&mut flow).await;
    one.ack();
    assert_eq!(texts(&mut flow, 2).await, ["3", "4"]);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_cannot_be_read_or_written_is_told() {
    let world = World::new();
    world.append("1\n2\n");
    fs::write(world.positions(), "something else\n").unwrap();
    let (mut flow, _) = world.start();
    let error = flow.next().await.unwrap_err();
    let expected = format!(
        "cannot read positions from {}: line 1 is not one of a file of positions",
        world.positions().display()
    );
    assert_eq!(error.to_string(), expected);
    assert!(flow.next().await.unwrap().is_none(), "an error is the end");

    let nowhere = world.folder.path().join("no such folder/positions");
    let store = PositionStore::new(&nowhere);
    let mut flow = Tail::new(&world.path).tracked(&store).flow();
    let seen = texts(&mut flow, 3).await;
    assert_eq!(seen[1..], ["1", "2"], "it goes on");
    assert!(seen[0].starts_with(&format!("!cannot save positions in {}: ", nowhere.display())));
    assert_quiet(&mut flow).await;
    assert!(matches!(store.save().await, Err(TailError::NotSaved { .. })));
    fs::create_dir(nowhere.parent().unwrap()).unwrap();
    store.save().await.unwrap();
    assert!(fs::read_to_string(&nowhere).unwrap().contains("app.log"));
}

#[tokio::test(start_paused = true)]
async fn one_store_serves_many_files_with_any_name() {
    let world = World::new();
    let paths: Vec<PathBuf> = ["a b.log", "ä\n.log", "c"]
        .map(|name| world.folder.path().join(name))
        .into();
    let write = |text: &str| {
        for path in &paths {
            let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
            file.write_all(text.as_bytes()).unwrap();
        }
    };
    let start = |paths: &[PathBuf]| {
        let store = PositionStore::new(world.positions());
        (Tail::all(paths).tracked(&store).flow(), store)
    };
    write("1\n");
    let (mut flow, store) = start(&paths);
    assert_eq!(texts(&mut flow, 3).await, ["1"; 3]);
    store.save().await.unwrap();
    write("2\n");
    let (mut flow, store) = start(&paths[1..]);
    assert_eq!(texts(&mut flow, 2).await, ["2"; 2]);
    store.save().await.unwrap();
    let (mut flow, _) = start(&paths);
    let line = next(&mut flow).await.unwrap().ack();
    assert_eq!((line.path(), line.bytes()), (Path::new(&paths[0]), &b"2"[..]));
    assert_quiet(&mut flow).await;
}
