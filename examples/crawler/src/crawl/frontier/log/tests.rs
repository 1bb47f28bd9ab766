//! Logs that are cut off anywhere, gone on with, and compacted.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;

use super::super::fingerprint::Fingerprint;
use super::super::trail::Trail;
use super::*;

/// A log in a directory of its own, which goes with it.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("crawler-log-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).expect("a folder of one's own");
        Self(folder)
    }

    fn log(&self) -> PathBuf {
        self.0.join("frontier.log")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What a log comes to, as a test sees it.
#[derive(Clone, Debug, Default, PartialEq)]
struct Seen {
    waiting: BTreeMap<u64, (String, Trail)>,
    known: Vec<Fingerprint>,
    pages: u64,
}

fn seen(path: &Path) -> Seen {
    seen_in(
        path,
        &State::read(path, u64::MAX, |_| true)
            .expect("a log")
            .expect("a head"),
    )
}

fn seen_in(path: &Path, state: &State) -> Seen {
    let mut seen = Seen {
        pages: state.numbers.get("total", "pages"),
        ..Seen::default()
    };
    let read = state.urls(path, |logged| {
        seen.known.push(logged.known_by);
        if let Some(Waiting { id, url, trail }) = logged.waiting {
            seen.waiting.insert(id, (url.to_owned(), trail.clone()));
        }
    });
    read.expect("a log");
    seen.known.sort_by_key(|known| known.to_bytes());
    seen
}

/// What is done to a log between two commits: so many URLs are found, and visits by these places are done.
type Doing = (u64, Vec<prop::sample::Index>);

fn doings() -> impl Strategy<Value = Vec<Doing>> {
    let done = prop::collection::vec(any::<prop::sample::Index>(), 0..6);
    prop::collection::vec((0..8_u64, done), 1..12)
}

/// A log with a model of what it should come to.
struct Model {
    key: Key,
    log: Log,
    next: u64,
    seen: Seen,
}

impl Model {
    fn create(path: &Path) -> Self {
        let key = Key::random();
        Self {
            key,
            log: Log::create(path, key).expect("a file"),
            next: 0,
            seen: Seen::default(),
        }
    }

    fn commit(&mut self, (found, done): &Doing) {
        let trail = Trail {
            depth: u32::try_from(self.next % 5).expect("small"),
            respelled: 0,
            kind: crate::crawl::visit::Kind::default(),
            referrer: (self.next > 0).then(|| format!("http://river.test/{}", self.next).into()),
        };
        if *found > 0 {
            let mut list = Found::new(&trail);
            for id in self.next..self.next + found {
                let url = format!("http://river.test/mill/{id}");
                let known_by = (id % 3 == 0).then(|| self.key.fingerprint(&format!("mill {id}")));
                list.push(id, &url, known_by);
                self.seen
                    .known
                    .push(known_by.unwrap_or_else(|| self.key.fingerprint(&url)));
                self.seen.waiting.insert(id, (url, trail.clone()));
            }
            self.next += found;
            self.log.found(&list);
        }
        for place in done {
            if !self.seen.waiting.is_empty() {
                let place = place.index(self.seen.waiting.len());
                let id = *self.seen.waiting.keys().nth(place).expect("it waits");
                self.seen.waiting.remove(&id);
                self.log.done(id);
                self.seen.pages += 1;
            }
        }
        self.seen.known.sort_by_key(|known| known.to_bytes());
        let pages = self.seen.pages;
        let committed = self.log.commit(|numbers| {
            numbers.set("total", "pages", pages);
            if pages > 4 {
                numbers.set("file", "later.jsonl", pages * 100);
            }
        });
        committed.expect("it is written");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_log_that_is_cut_anywhere_is_that_of_its_last_whole_commit(
        before in doings(),
        cut in any::<prop::sample::Index>(),
        garbage in prop::collection::vec(any::<u8>(), 0..50),
        after in doings(),
    ) {
        let scratch = Scratch::new();
        let path = scratch.log();
        let mut model = Model::create(&path);
        let mut moments = vec![(model.log.length, 0, Seen::default())];
        for doing in &before {
            model.commit(doing);
            moments.push((model.log.length, model.next, model.seen.clone()));
        }
        prop_assert_eq!(&seen(&path), &model.seen);

        let whole = fs::read(&path).expect("a file");
        prop_assert_eq!(whole.len() as u64, model.log.length);
        let cut = cut.index(whole.len() + 1);
        fs::write(&path, [&whole[..cut], &garbage].concat()).expect("a file");
        let state = State::read(&path, u64::MAX, |_| true);
        if cut < 32 {
            // Garbage may fill up what is missing of the head.
            prop_assert!(!matches!(state, Ok(Some(_))));
            return Ok(());
        }
        let state = state.expect("a log").expect("a head");
        let last = moments.iter().rfind(|(end, ..)| *end <= cut as u64);
        let (end, next, expected) = last.expect("the head is whole").clone();
        prop_assert_eq!(state.end, end);
        prop_assert_eq!(&seen_in(&path, &state), &expected);

        // It goes on from there.
        let log = Log::open(&path, &state).expect("a file");
        model = Model { log, next, seen: expected, key: state.key };
        for doing in &after {
            model.commit(doing);
        }
        prop_assert_eq!(seen(&path), model.seen);
    }

    #[test]
    fn a_compaction_changes_nothing(before in doings(), during in doings(), after in doings()) {
        let scratch = Scratch::new();
        let path = scratch.log();
        let mut model = Model::create(&path);
        for doing in &before {
            model.commit(doing);
        }
        let compaction = Compaction::start(&path, model.log.length);
        for doing in &during {
            model.commit(doing);
        }
        let put = compaction.put_in_place(&path, model.log.length).expect("a file");
        let (file, length) = put.expect("it is written");
        (model.log.file, model.log.length) = (Arc::new(file), length);
        prop_assert_eq!(&seen(&path), &model.seen);
        for doing in &after {
            model.commit(doing);
        }
        prop_assert_eq!(fs::metadata(&path).expect("a file").len(), model.log.length);
        prop_assert_eq!(seen(&path), model.seen);
    }
}

#[test]
fn a_log_of_what_is_done_is_compacted_by_itself() {
    let scratch = Scratch::new();
    let path = scratch.log();
    let mut model = Model::create(&path);
    model.log.compact_above = 100_000;
    let mut longest = 0;
    for _ in 0..20_000 {
        model.next += 1;
        let url = format!("http://river.test/a/long/way/to/{}", model.next);
        let mut found = Found::new(&Trail::default());
        found.push(model.next, &url, None);
        model.log.found(&found);
        model.log.done(model.next);
        model.log.commit(|_| {}).expect("it is written");
        let length = model.log.length();
        model.log.compact(length).expect("it is written");
        longest = longest.max(model.log.length);
        while model
            .log
            .compaction
            .as_ref()
            .is_some_and(|running| !running.is_ended())
        {
            std::thread::yield_now();
        }
    }
    let state = State::read(&path, u64::MAX, |_| true)
        .expect("a log")
        .expect("a head");
    assert_eq!((state.next_id(), state.done()), (20_001, 20_000));
    let seen = seen(&path);
    assert_eq!((seen.waiting.len(), seen.known.len()), (0, 20_000));
    let told = fs::metadata(&path).expect("a file").len();
    assert!(
        told < 700_000 && longest < 1_000_000,
        "{told}, at most {longest}"
    );
    assert!(!compact::path_beside(&path).exists());
}

#[test]
fn what_the_outputs_do_not_hold_does_not_count() {
    let scratch = Scratch::new();
    let path = scratch.log();
    let mut model = Model::create(&path);
    for length in [10, 20, 30] {
        model
            .log
            .commit(|numbers| numbers.set("file", "pages.jsonl", length))
            .expect("written");
    }
    let holds = |numbers: &Numbers| numbers.get("file", "pages.jsonl") <= 25;
    let state = Log::read(&path, holds).expect("a log").expect("a head");
    assert_eq!(state.numbers.get("file", "pages.jsonl"), 20);
}

#[test]
fn what_is_no_log_is_told() {
    let scratch = Scratch::new();
    let path = scratch.log();
    let line = || {
        let error = State::read(&path, u64::MAX, |_| true).expect_err("no log");
        assert_eq!(error.path(), path);
        error.to_string()
    };
    assert!(line().contains("cannot read"), "{}", line());
    fs::write(&path, [b'x'; 100]).expect("a file");
    assert!(line().contains("is not the log of a crawl"), "{}", line());
    let mut head = format::head(Key::random());
    head[8] = 9;
    let checksum = crc32fast::hash(&head[..28]).to_le_bytes();
    head[28..].copy_from_slice(&checksum);
    fs::write(&path, head).expect("a file");
    assert!(line().contains("in version 9 of its format"), "{}", line());
    // A commit that is whole, and says nothing that can be read.
    let mut commit = Commit::new();
    commit.numbers([(0, 40)].into_iter());
    let strange = [&format::head(Key::random()), commit.finish()].concat();
    fs::write(&path, strange).expect("a file");
    assert!(line().contains("is damaged at byte 32"), "{}", line());
    fs::write(&path, &format::head(Key::random())[..20]).expect("a file");
    assert!(matches!(State::read(&path, u64::MAX, |_| true), Ok(None)));
}
