use proptest::{collection::vec, prelude::*};
use tempfile::TempDir;

use super::{
    super::log::{Bounds, TopicState},
    *,
};

const TOPICS: [&str; 3] = ["a", "b", "c"];

/// What a log remembers, as it can be compared.
type Memory = (u64, u64, Vec<TopicState>, Vec<(u64, Event)>);

fn memory(log: &Log) -> Memory {
    let mut snapshot = log.snapshot();
    snapshot
        .topics
        .sort_unstable_by(|one, other| one.name.cmp(&other.name));
    let records = snapshot
        .records
        .iter()
        .map(|record| (record.offset, record.event.clone()));
    (
        snapshot.head,
        snapshot.forgotten,
        snapshot.topics,
        records.collect(),
    )
}

fn options(history: usize, max_topics: usize) -> Options {
    let mut options = Options {
        epoch: "e".into(),
        max_topics,
        ..Options::default()
    };
    options.every.history = Bounds {
        events: history,
        bytes: 1000,
    };
    options
}

/// A hub's log and journal, without the hub.
struct Kept {
    options: Options,
    log: Log,
    journal: Journal,
}

fn open(folder: &TempDir, options: &Options) -> Result<Kept, JournalError> {
    let mut options = options.clone();
    let mut log = Log::new(1, options.queue, options.max_topics);
    let journal = Journal::open(&folder.path().join("journal"), &mut options, &mut log)?;
    Ok(Kept {
        options,
        log,
        journal,
    })
}

impl Kept {
    fn publish(&mut self, event: Event) {
        self.journal
            .append(self.log.head() + 1, std::slice::from_ref(&event))
            .unwrap();
        let Self { options, log, .. } = self;
        log.publish(event, |topic| options.topic(topic).history);
    }
}

fn event() -> impl Strategy<Value = Event> {
    (0..TOPICS.len(), 0..30_usize, any::<Option<u8>>()).prop_map(|(topic, size, key)| {
        let event = Event::raw(TOPICS[topic], "x".repeat(size));
        match key {
            Some(key) => event.with_key(key.to_string()),
            None => event,
        }
    })
}

/// What comes of a file, and what is remembered then.
fn read(bytes: &[u8], boot: &str, options: &Options) -> (Restored, Memory) {
    let mut log = Log::new(1, options.queue, options.max_topics);
    let restored = restore(bytes, boot, options, &mut log);
    (restored, memory(&log))
}

proptest! {
    #[test]
    fn a_file_that_is_cut_or_changed_anywhere_is_good_up_to_there(
        before in vec(event(), 0..12),
        after in vec(event(), 0..12),
        history in 0..5_usize,
        max_topics in 1..4_usize,
        is_rewritten in any::<bool>(),
        position in any::<prop::sample::Index>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let options = options(history, max_topics);
        let mut kept = open(&folder, &options).unwrap();
        let mut known = Vec::new();
        for event in before {
            kept.publish(event);
        }
        if is_rewritten {
            kept.journal.rewrite(&kept.log.snapshot()).unwrap();
        }
        let start = kept.journal.size;
        known.push((kept.journal.size, memory(&kept.log)));
        for event in after {
            kept.publish(event);
            known.push((kept.journal.size, memory(&kept.log)));
        }
        let mut bytes = fs::read(&kept.journal.path).unwrap();
        prop_assert_eq!(bytes.len() as u64, kept.journal.size);
        let boot = "this run";
        let all = Restored::All("e".into());
        // As if it had been made in a run that has a name everywhere.
        let named = |bytes: &[u8]| read(bytes, &super::boot(), &options);

        // Cut: everything up to the last whole record is there, in the same epoch if the system ran on.
        let cut = position.index(bytes.len() + 1);
        let (restored, remembered) = named(&bytes[..cut]);
        if cut as u64 >= start {
            let (_, expected) = known.iter().rev().find(|(size, _)| *size <= cut as u64).unwrap();
            prop_assert_eq!(&remembered, expected);
            if !super::boot().is_empty() {
                prop_assert_eq!(&restored, &all);
            }
            prop_assert_eq!(read(&bytes[..cut], boot, &options).0, Restored::Some, "after a power cut");
        } else if cut > 0 && is_rewritten {
            prop_assert_eq!(restored, Restored::Some, "it is not there before it is whole");
        }

        // Changed: it is noticed.
        if let Some(byte) = bytes.get_mut(cut) {
            *byte ^= 1;
            prop_assert_ne!(named(&bytes).0, all.clone());
            bytes[cut] ^= 1;
        }

        // Closed: also the next run of the system knows that this is all.
        kept.journal.finish().unwrap();
        let bytes = fs::read(&kept.journal.path).unwrap();
        prop_assert_eq!(read(&bytes, boot, &options), (all, memory(&kept.log)));
    }
}

#[test]
fn it_is_made_kept_small_and_of_one_hub_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(2, 8);
    let mut kept = open(&folder, &options).unwrap();
    let busy = open(&folder, &options).map(drop).unwrap_err();
    assert!(matches!(busy, JournalError::Busy { .. }), "{busy}");
    let mut rewritten = 0;
    for n in 0..200_u8 {
        kept.publish(Event::raw("a", n.to_string().repeat(20_000)));
        if kept.journal.is_large() {
            kept.journal.rewrite(&kept.log.snapshot()).unwrap();
            rewritten += 1;
        }
        assert!(kept.journal.size < 2 * SMALL);
    }
    assert!(rewritten > 3, "{rewritten}");
    let remembered = memory(&kept.log);
    drop(kept);
    let again = open(&folder, &options).unwrap();
    assert_eq!(memory(&again.log), remembered);
    assert!(
        fs::read_dir(folder.path()).unwrap().count() == 2,
        "the file and its lock"
    );
}

#[test]
fn what_is_no_journal_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    fs::write(&path, "dear diary").unwrap();
    let error = open(&folder, &options(2, 8)).map(drop).unwrap_err();
    assert!(
        error.to_string().contains("is no journal of a hub"),
        "{error}"
    );
    assert_eq!(fs::read(&path).unwrap(), b"dear diary");
    // What a power cut leaves of a new file, and a file that somebody made.
    for (lost, epoch) in [(&[0; 100][..], None), (b"twh", None), (b"", Some("e"))] {
        fs::write(&path, lost).unwrap();
        let kept = open(&folder, &options(2, 8)).unwrap();
        assert_eq!(epoch.is_some(), &*kept.options.epoch == "e");
        assert_eq!(kept.log.head(), 0);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn after_a_write_that_failed_the_next_one_is_good() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(100, 8);
    let mut kept = open(&folder, &options).unwrap();
    kept.publish(Event::raw("a", "1"));
    // A file that is always full, after a part of the batch went to the one that is not.
    let full = File::options().write(true).open("/dev/full").unwrap();
    let real = std::mem::replace(&mut kept.journal.file, full);
    let error = kept.journal.append(2, &[Event::raw("a", "2")]).unwrap_err();
    assert!(
        error.to_string().contains("cannot write the journal"),
        "{error}"
    );
    kept.journal.file = real;
    kept.journal.file.write_all(b"a part").unwrap();
    kept.publish(Event::raw("a", "other"));
    let remembered = memory(&kept.log);
    drop(kept);
    assert_eq!(memory(&open(&folder, &options).unwrap().log), remembered);
}
