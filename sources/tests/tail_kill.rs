//! A program that copies a growing, rotating file line by line is killed again and again, at random moments: every line
//! of the input is in its output at least once.
//!
//! The program is this one, run again as a child. `SEED=1 cargo test --test tail_kill` repeats a run, as far as the
//! system lets it.

use std::{
    collections::HashMap,
    env,
    fs::{self, File, OpenOptions},
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    thread,
    time::{Duration, Instant},
};

use fastrand::Rng;
use thalweg::{
    Acknowledge,
    prelude::*,
    sinks,
    sources::{PositionStore, Tail},
};

/// How often the child is killed.
const KILLS: u32 = 50;

/// Longest time that one step may take, as a guard.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many bytes of input there may be before they are output.
const AHEAD: u64 = 500_000;

const CHILD: &str = "THALWEG_TAIL_KILL_CHILD";

fn main() {
    if let Some(folder) = env::var_os(CHILD) {
        copy_for_ever(&Folder(folder.into()));
        return;
    }
    let seed = env::var("SEED").map_or_else(|_| 20_261_122, |seed| seed.parse().unwrap());
    let summary = kill_and_count(seed);
    println!("killed {KILLS} times (seed {seed}): {summary}");
}

struct Folder(PathBuf);

impl Folder {
    fn input(&self) -> PathBuf {
        self.0.join("input.log")
    }

    fn output(&self) -> PathBuf {
        self.0.join("output")
    }
}

/// The program that is killed.
#[tokio::main]
async fn copy_for_ever(folder: &Folder) {
    end_the_last_line(&folder.output());
    let store = PositionStore::new(folder.0.join("positions"));
    let lines = Tail::new(folder.input())
        .every(Duration::from_millis(5))
        .linger(Duration::from_millis(200))
        .tracked(&store)
        .save_every(Duration::from_millis(5))
        .flow()
        .raise();
    let texts = lines.map(|line| line.map(|line| line.into_text().unwrap()));
    let output = Acknowledge::new(sinks::lines(folder.output()).append());
    texts.run_into(output).await.unwrap();
}

/// What was being written when the program was killed is a line of its own.
fn end_the_last_line(output: &Path) {
    let mut file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .open(output)
        .unwrap();
    let length = file.metadata().unwrap().len();
    if length > 0 {
        let mut last = [0];
        file.seek(SeekFrom::Start(length - 1)).unwrap();
        file.read_exact(&mut last).unwrap();
        if last != *b"\n" {
            file.write_all(b"\n").unwrap();
        }
    }
}

fn kill_and_count(seed: u64) -> String {
    let temporary = tempfile::tempdir().unwrap();
    let folder = Folder(temporary.path().to_owned());
    // What is promised begins when it is saved where to begin.
    File::create(folder.input()).unwrap();
    let mut child = start(&folder);
    wait_until(|| folder.0.join("positions").exists());
    child.kill().unwrap();
    child.wait().unwrap();
    let stop = AtomicBool::new(false);
    let written = AtomicU64::new(0);
    let rotations = thread::scope(|scope| {
        let writer = scope.spawn(|| write(&folder, Rng::with_seed(seed), &stop, &written));
        let mut random = Rng::with_seed(seed ^ 1);
        for _ in 0..KILLS {
            let mut child = start(&folder);
            // By how far it came, so that slow machines see the same; then anywhere in between.
            let goal = length(&folder) + random.u64(0..150_000);
            wait_until(|| length(&folder) >= goal);
            thread::sleep(Duration::from_micros(random.u64(0..30_000)));
            child.kill().unwrap();
            child.wait().unwrap();
        }
        stop.store(true, SeqCst);
        writer.join().unwrap()
    });
    let lines = written.load(SeqCst);
    let mut child = start(&folder);
    let mut found = HashMap::new();
    let mut before = None;
    wait_until(|| {
        thread::sleep(Duration::from_millis(50));
        // Counted once the output does not grow any more.
        if before.replace(length(&folder)) == Some(length(&folder)) {
            found = count(&folder);
        }
        (0..lines).all(|number| found.contains_key(&number))
    });
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(rotations > 10, "only {rotations} rotations");
    assert!(
        found.keys().all(|number| *number < lines),
        "lines that nobody wrote"
    );
    let copies: u64 = found.values().sum();
    format!(
        "{lines} lines in {} files, every one in the output, {} of them again",
        rotations + 1,
        copies - lines
    )
}

/// Appends numbered lines, some in two parts, and rotates; gives how often.
fn write(folder: &Folder, mut random: Rng, stop: &AtomicBool, written: &AtomicU64) -> u32 {
    let open = || {
        File::options()
            .create(true)
            .append(true)
            .open(folder.input())
            .unwrap()
    };
    let mut file = open();
    let mut rotations = 0;
    let mut number = 0;
    let mut bytes = 0;
    while !stop.load(SeqCst) {
        // Not ever further ahead of a child that is busy being killed.
        if bytes > length(folder) + AHEAD {
            thread::sleep(Duration::from_millis(1));
            continue;
        }
        for _ in 0..random.u32(1..200) {
            let line = line(number);
            let (front, back) = line.split_at(random.usize(0..line.len()));
            file.write_all(front.as_bytes()).unwrap();
            file.write_all(back.as_bytes()).unwrap();
            bytes += line.len() as u64;
            number += 1;
        }
        written.store(number, SeqCst);
        if random.u32(0..6) == 0 {
            rotations += 1;
            fs::rename(
                folder.input(),
                folder.0.join(format!("input.log.{rotations}")),
            )
            .unwrap();
            let mut late = std::mem::replace(&mut file, open());
            // As those do who hear of a rotation after it: some more into the old file.
            for _ in 0..random.u32(0..3) {
                late.write_all(line(number).as_bytes()).unwrap();
                number += 1;
            }
            written.store(number, SeqCst);
        }
        thread::sleep(Duration::from_micros(random.u64(500..3_000)));
    }
    rotations
}

fn line(number: u64) -> String {
    format!("line {number} of many, {:x} its mark\n", mark(number))
}

fn mark(number: u64) -> u64 {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// How often each line is in the output; what is not a whole line does not count.
fn count(folder: &Folder) -> HashMap<u64, u64> {
    let mut seen = HashMap::new();
    let text = fs::read_to_string(folder.output()).unwrap_or_default();
    for text in text.lines() {
        let number = text.split(' ').nth(1).and_then(|word| word.parse().ok());
        if let Some(number) = number.filter(|number| line(*number).trim_end() == text) {
            *seen.entry(number).or_default() += 1;
        }
    }
    seen
}

fn length(folder: &Folder) -> u64 {
    fs::metadata(folder.output()).map_or(0, |metadata| metadata.len())
}

fn start(folder: &Folder) -> Child {
    Command::new(env::current_exe().unwrap())
        .env(CHILD, &folder.0)
        .stdin(Stdio::null())
        .spawn()
        .unwrap()
}

fn wait_until(mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(
            begun.elapsed() < PATIENCE,
            "it did not come to that in {PATIENCE:?}"
        );
        thread::sleep(Duration::from_millis(2));
    }
}
