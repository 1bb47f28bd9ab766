//! A log with every order of publications, shards and clients.

use proptest::{collection::vec, prelude::*};

use super::*;

const TOPICS: [&str; 3] = ["a", "b", "c"];
const ALL: Bounds = Bounds {
    events: usize::MAX,
    bytes: usize::MAX,
};

#[derive(Clone, Debug)]
enum Step {
    Publish(usize),
    Take {
        shard: usize,
        events: usize,
    },
    /// A client comes to a shard with the id of so many events ago.
    Join {
        shard: usize,
        topics: usize,
        ago: u64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..TOPICS.len()).prop_map(Step::Publish),
        2 => (0..2_usize, 1..5_usize).prop_map(|(shard, events)| Step::Take { shard, events }),
        2 => (0..2_usize, 1..8_usize, 0..12_u64)
            .prop_map(|(shard, topics, ago)| Step::Join { shard, topics, ago }),
    ]
}

/// A client, with what it got and what it has to get.
struct Client {
    shard: usize,
    topic: &'static str,
    after: u64,
    got: Vec<u64>,
}

fn take(log: &mut Log, clients: &mut [Client], shard: usize, events: usize) {
    let mut batch = Vec::new();
    let most = Bounds { events, ..ALL };
    log.take(shard, most, &mut batch);
    for client in clients.iter_mut().filter(|client| client.shard == shard) {
        let wanted = batch
            .iter()
            .filter(|record| record.event.topic() == client.topic && record.offset > client.after);
        client.got.extend(wanted.map(|record| record.offset));
    }
}

/// Runs the steps; every client has to get what it missed and what came, once and in order.
fn run(steps: &[Step], history: usize, max_topics: usize) -> Result<usize, TestCaseError> {
    let bounds = Bounds {
        events: history,
        ..ALL
    };
    let mut log = Log::new(2, ALL, max_topics);
    let mut published = Vec::new();
    let mut clients = Vec::new();
    let mut resets = 0;
    for step in steps {
        match *step {
            Step::Publish(topic) => {
                log.publish(Event::raw(TOPICS[topic], "1"), |_| bounds);
                published.push(TOPICS[topic]);
            }
            Step::Take { shard, events } => take(&mut log, &mut clients, shard, events),
            Step::Join { shard, topics, ago } => {
                for (_, topic) in TOPICS
                    .iter()
                    .enumerate()
                    .filter(|(n, _)| topics >> n & 1 > 0)
                {
                    let asked = log.head().saturating_sub(ago);
                    let mut missed = Vec::new();
                    let is_known = log.missed(shard, topic, asked, &mut missed);
                    if !is_known {
                        resets += 1;
                        prop_assert!(missed.is_empty());
                    }
                    clients.push(Client {
                        shard,
                        topic,
                        after: if is_known { asked } else { log.position(shard) },
                        got: missed.iter().map(|record| record.offset).collect(),
                    });
                }
            }
        }
    }
    for shard in 0..2 {
        take(&mut log, &mut clients, shard, usize::MAX);
        prop_assert!(log.is_taken(shard));
    }
    prop_assert_eq!(
        (log.pending.len(), log.bytes),
        (0, 0),
        "what all have taken is let go"
    );
    for client in clients {
        let offsets = (1..).zip(&published);
        let due =
            offsets.filter(|(offset, topic)| **topic == client.topic && *offset > client.after);
        let due: Vec<u64> = due.map(|(offset, _)| offset).collect();
        prop_assert_eq!(client.got, due);
    }
    Ok(resets)
}

proptest! {
    #[test]
    fn nothing_is_missed_or_comes_twice(
        steps in vec(step(), 1..80),
        history in 0..6_usize,
        max_topics in 1..4_usize,
    ) {
        run(&steps, history, max_topics)?;
    }

    #[test]
    fn whoever_is_remembered_does_not_start_anew(steps in vec(step(), 1..80)) {
        prop_assert_eq!(run(&steps, usize::MAX, usize::MAX)?, 0);
    }
}

fn missed(log: &Log, topic: &str, after: u64) -> Option<Vec<u64>> {
    let mut missed = Vec::new();
    let is_known = log.missed(0, topic, after, &mut missed);
    is_known.then(|| missed.iter().map(|record| record.offset).collect())
}

#[test]
fn a_history_is_bounded_by_events_and_by_bytes() {
    let mut log = Log::new(1, ALL, 8);
    for _ in 0..4 {
        log.publish(Event::raw("few", "1"), |_| Bounds { events: 2, ..ALL });
        log.publish(Event::raw("small", "12345"), |_| Bounds {
            bytes: 20,
            ..ALL
        });
    }
    log.take(0, ALL, &mut Vec::new());
    assert_eq!(missed(&log, "few", 3), Some(vec![5, 7]));
    assert_eq!(missed(&log, "few", 2), None, "3 is forgotten");
    assert_eq!(missed(&log, "small", 6), Some(vec![8]), "two are 20 bytes");
    assert_eq!(missed(&log, "small", 4), Some(vec![6, 8]));
    assert_eq!(missed(&log, "small", 3), None);
    assert_eq!(missed(&log, "quiet", 0), Some(vec![]));
    assert_eq!(missed(&log, "quiet", 9), None, "9 is yet to come");
}

#[test]
fn there_is_room_for_one_event_at_least_and_for_no_more_than_allowed() {
    let room = Bounds {
        events: 3,
        bytes: 10,
    };
    let mut log = Log::new(1, room, 8);
    assert_eq!(log.fit([100].into_iter()), 1);
    assert_eq!(
        log.fit([4, 4, 4, 4].into_iter()),
        3,
        "the last may exceed the bytes"
    );
    assert_eq!(log.fit([1; 9].into_iter()), 3);
    for _ in 0..3 {
        log.publish(Event::raw("t", "1"), |_| ALL);
    }
    assert_eq!(log.fit([1].into_iter()), 0);
    let mut batch = Vec::new();
    assert!(
        log.take(0, Bounds { events: 1, ..ALL }, &mut batch),
        "there is room again"
    );
    assert_eq!(log.fit([1; 9].into_iter()), 1);
}
