use proptest::{collection::vec, prelude::*};
use serde_json::Value;

use super::{super::event::Event, *};

/// What the frames of a server say, and what is left of the last one.
fn read(mut bytes: &[u8]) -> Vec<Value> {
    let mut messages = Vec::new();
    while let [_, length, rest @ ..] = bytes {
        let (length, rest) = match length {
            126 => (usize::from(rest[0]) << 8 | usize::from(rest[1]), &rest[2..]),
            short => (usize::from(*short), rest),
        };
        messages.push(serde_json::from_slice(&rest[..length]).unwrap());
        bytes = &rest[length..];
    }
    messages
}

fn record(offset: u64, topic: &str, key: Option<&str>) -> Arc<Record> {
    let event = Event::raw(topic, offset.to_string());
    let event = match key {
        Some(key) => event.with_key(key),
        None => event,
    };
    Arc::new(Record::new(offset, event))
}

/// Writes as many bytes as the system would take.
fn write(backlog: &mut Backlog, mut room: usize, out: &mut Vec<u8>) {
    while room > 0 {
        backlog.stage(Form::Json, "e");
        let Some(frame) = backlog.frames.front() else {
            return;
        };
        let count = room.min(frame.len());
        out.extend_from_slice(&frame[..count]);
        backlog.written(count);
        room -= count;
    }
}

#[derive(Clone, Debug)]
enum Step {
    Push { topic: usize, key: Option<usize> },
    Write(usize),
    Notice,
}

fn step() -> impl Strategy<Value = Step> {
    let key = prop_oneof![Just(None), (0..3_usize).prop_map(Some)];
    prop_oneof![
        6 => (0..3_usize, key).prop_map(|(topic, key)| Step::Push { topic, key }),
        2 => (0..200_usize).prop_map(Step::Write),
        1 => Just(Step::Notice),
    ]
}

fn policy() -> impl Strategy<Value = SlowClients> {
    prop_oneof![
        Just(SlowClients::DropOldest),
        Just(SlowClients::DropIncoming),
        Just(SlowClients::Conflate),
        Just(SlowClients::Wait(Duration::ZERO)),
    ]
}

const TOPICS: [&str; 3] = ["a", "b", "c"];
const KEYS: [&str; 3] = ["x", "y", "z"];

proptest! {
    #[test]
    fn what_is_not_sent_is_told_and_the_rest_comes_in_order(
        steps in vec(step(), 1..120),
        policies in [policy(), policy(), policy()],
        most in 1..6_usize,
    ) {
        let bounds = Bounds { events: most, bytes: usize::MAX };
        let mut backlog = Backlog::new(bounds);
        let mut out = Vec::new();
        let (mut pushed, mut dropped, mut notices) = ([0_u64; 3], 0, 0);
        let mut offset = 0;
        for step in steps {
            match step {
                Step::Push { topic, key } => {
                    offset += 1;
                    pushed[topic] += 1;
                    let event = record(offset, TOPICS[topic], key.map(|key| KEYS[key]));
                    match backlog.push(&event, policies[topic]) {
                        Pushed::Kept { dropped: count } => dropped += count,
                        Pushed::Full => prop_assert!(false, "no policy disconnects"),
                    }
                    let waits = policies.iter().any(|one| matches!(one, SlowClients::Wait(_)));
                    prop_assert!(waits || backlog.events <= most);
                }
                Step::Write(room) => write(&mut backlog, room, &mut out),
                Step::Notice => {
                    let frame = Notice::Error { error: "none" }.encode(Form::Json);
                    prop_assert!(backlog.push_notice(frame));
                    notices += 1;
                }
            }
        }
        write(&mut backlog, usize::MAX, &mut out);
        prop_assert!(backlog.is_empty());
        prop_assert_eq!((backlog.events, backlog.bytes, backlog.notices), (0, 0, 0));
        prop_assert!(backlog.keyed.is_empty() && backlog.gaps.is_empty());

        let (mut sent, mut told) = ([0_u64; 3], [0_u64; 3]);
        let mut last = 0;
        for message in read(&out) {
            let index = |name: &str| TOPICS.iter().position(|topic| message[name] == *topic);
            if let Some(topic) = index("topic") {
                sent[topic] += 1;
                let offset = message["id"].as_str().and_then(|id| id[2..].parse().ok()).unwrap();
                prop_assert!(last < offset, "{last} before {offset}");
                last = offset;
                let data = message["data"].as_u64().unwrap();
                prop_assert!(data >= offset);
                prop_assert!(data == offset || policies[topic] == SlowClients::Conflate);
            } else if let Some(topic) = index("gap") {
                told[topic] += message["dropped"].as_u64().unwrap();
            } else {
                notices -= 1;
            }
        }
        prop_assert_eq!(notices, 0);
        for topic in 0..3 {
            prop_assert_eq!(sent[topic] + told[topic], pushed[topic]);
        }
        prop_assert_eq!(told.iter().sum::<u64>(), dropped);
    }
}

fn texts(backlog: &mut Backlog) -> Vec<String> {
    let mut out = Vec::new();
    write(backlog, usize::MAX, &mut out);
    read(&out).iter().map(Value::to_string).collect()
}

fn backlog(events: usize) -> Backlog {
    Backlog::new(Bounds {
        events,
        bytes: usize::MAX,
    })
}

#[test]
fn the_oldest_is_dropped_and_its_gap_stands_in_its_place() {
    let mut backlog = backlog(2);
    for offset in 1..=4 {
        let _ = backlog.push(&record(offset, "t", None), SlowClients::DropOldest);
    }
    assert_eq!(
        texts(&mut backlog),
        [
            r#"{"dropped":2,"gap":"t","id":"e:2"}"#,
            r#"{"data":3,"id":"e:3","topic":"t"}"#,
            r#"{"data":4,"id":"e:4","topic":"t"}"#,
        ]
    );
}

#[test]
fn what_comes_is_dropped_and_its_gap_stands_after_the_rest() {
    let mut backlog = backlog(1);
    for offset in 1..=3 {
        let _ = backlog.push(&record(offset, "t", None), SlowClients::DropIncoming);
    }
    assert_eq!(
        texts(&mut backlog),
        [
            r#"{"data":1,"id":"e:1","topic":"t"}"#,
            r#"{"dropped":2,"gap":"t","id":"e:3"}"#,
        ]
    );
}

#[test]
fn the_newest_of_a_key_stands_in_for_the_older_in_their_place() {
    let mut backlog = backlog(4);
    for (offset, key) in [(1, "x"), (2, "y"), (3, "x"), (4, "x")] {
        let _ = backlog.push(&record(offset, "t", Some(key)), SlowClients::Conflate);
    }
    assert_eq!(
        texts(&mut backlog),
        [
            r#"{"dropped":2,"gap":"t","id":"e:3"}"#,
            r#"{"data":4,"id":"e:1","topic":"t"}"#,
            r#"{"data":2,"id":"e:2","topic":"t"}"#,
        ]
    );
}

#[test]
fn nothing_is_dropped_where_that_is_not_allowed() {
    let mut backlog = backlog(1);
    let kept = Pushed::Kept { dropped: 0 };
    assert_eq!(
        backlog.push(&record(1, "t", None), SlowClients::Disconnect),
        kept
    );
    assert_eq!(
        backlog.push(&record(2, "t", None), SlowClients::Disconnect),
        Pushed::Full
    );
    let wait = SlowClients::Wait(Duration::ZERO);
    assert_eq!(backlog.push(&record(3, "u", None), wait), kept);
    assert!(backlog.is_full());
    let lossy = Pushed::Kept { dropped: 1 };
    assert_eq!(
        backlog.push(&record(4, "v", None), SlowClients::DropOldest),
        lossy
    );
    assert_eq!(texts(&mut backlog).len(), 3, "1, 3, and the gap of 4");
}

#[test]
fn what_was_asked_for_is_not_dropped_and_a_frame_begun_is_finished() {
    let mut backlog = backlog(1);
    backlog.begin(Bytes::from_static(b"rest"));
    for offset in 1..=3 {
        backlog.push_missed(record(offset, "t", None));
    }
    let _ = backlog.push(&record(4, "t", None), SlowClients::DropOldest);
    backlog.set_pong(Bytes::from_static(b"old"));
    backlog.set_pong(Bytes::from_static(b"pong"));
    let mut out = Vec::new();
    write(&mut backlog, 3, &mut out);
    assert_eq!(backlog.clear(), 1, "4 does not come any more");
    write(&mut backlog, usize::MAX, &mut out);
    assert_eq!(out, b"rest");

    backlog.push_missed(record(1, "t", None));
    backlog.set_pong(Bytes::from_static(b"pong"));
    backlog.stage(Form::Json, "e");
    assert_eq!(backlog.frames[0], "pong", "before what waits");
}

#[test]
fn answers_that_nobody_reads_are_bounded() {
    let mut backlog = backlog(1);
    let frame = Bytes::from_static(b"answer");
    let answers = (0..).take_while(|_| backlog.push_notice(frame.clone()));
    assert_eq!(answers.count(), MAX_NOTICES);
}
