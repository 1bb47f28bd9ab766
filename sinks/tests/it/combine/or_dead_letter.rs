use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use thalweg::{
    DropReason, Sink,
    operators::{error::Backoff, terminal::RunError},
    prelude::*,
    sinks::{DeadLetterError, WriteError, json_lines, or_dead_letter, retrying},
    sources::fail,
};

use crate::double::Double;

#[tokio::test]
async fn what_is_not_taken_goes_into_the_other_and_the_flow_goes_on() {
    let (sink, dead) = (Double::new().failing_after([1000]), Double::new());
    let told = Arc::new(Mutex::new(Vec::new()));
    let tells = told.clone();
    let both = or_dead_letter(sink.clone(), dead.clone())
        .on_failure(move |error, items| tells.lock().unwrap().push((error.0, items.len())));
    let meter = both.meter().clone();
    (0..3000).flow().run_into(both).await.unwrap();
    assert_eq!(dead.taken(), (1000..1024).collect::<Vec<_>>());
    let rest: Vec<_> = (0..1000).chain(1024..3000).collect();
    assert_eq!(sink.taken(), rest);
    assert_eq!(*told.lock().unwrap(), [("write", 24)]);
    let counts = meter.counts();
    assert_eq!((counts.received, counts.emitted), (3000, 2976));
    assert_eq!(counts.dropped_by(DropReason::Failed), 24);
    assert_eq!(dead.calls(), ["write", "flush", "close"]);
}

#[tokio::test]
async fn only_the_item_that_the_error_tells_of() {
    use std::collections::BTreeMap;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    let dead = Double::new();
    let sink = or_dead_letter(json_lines(&path), dead.clone())
        .first_only(|error| matches!(error, WriteError::Encode { .. }));
    // Keys of JSON are texts: a map by lists has none, unless it is empty.
    let bad = BTreeMap::from([(vec![0_u8; 0], 0)]);
    let items = [BTreeMap::new(), bad.clone(), BTreeMap::new(), bad.clone()];
    items.flow().run_into(sink).await.unwrap();
    assert_eq!(dead.taken(), [bad.clone(), bad]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "{}\n{}\n");
}

#[tokio::test(start_paused = true)]
async fn retry_then_dead_letter_then_stop() {
    let policy = Backoff::fixed(Duration::from_secs(1)).max_retries(2);
    let (sink, dead) = (Double::new().broken(), Double::new());
    (0..5).flow()
        .run_into(or_dead_letter(retrying(sink.clone(), policy.clone()), dead.clone()))
        .await
        .unwrap_err(); // The close of a broken sink fails too.
    assert_eq!(sink.calls()[..3], ["write"; 3]);
    assert_eq!(dead.taken(), [0, 1, 2, 3, 4]);

    let both = or_dead_letter(retrying(sink, policy), Double::new().broken());
    let mut both = both;
    let mut batch = vec![1, 2, 3];
    let error = both.write(&mut batch).await.unwrap_err();
    assert_eq!(batch, [1, 2, 3], "nothing is lost that nobody has");
    assert_eq!(error.stage().name(), "or_dead_letter");
    let text = error.to_string();
    assert!(text.contains("or_dead_letter.rs:") && text.contains("gave up after 2 retries"), "{text}");
    assert!(matches!(error, DeadLetterError::Dead { cause: Some(_), .. }));
}

#[tokio::test]
async fn a_sink_that_keeps_what_it_failed_with_ends_the_run() {
    let sink = or_dead_letter(Double::new().failing_after([3]), Double::new());
    let ended = (0..3).flow().run_into(sink).await;
    let Err(RunError::Sink(DeadLetterError::Sink { stage, .. })) = ended else {
        panic!("{ended:?}");
    };
    assert_eq!(stage.name(), "or_dead_letter");
}

#[tokio::test]
async fn dead_letters_that_are_taken_in_part_are_not_taken_twice() {
    let dead = Double::new().failing_after([1]);
    let mut sink = or_dead_letter(Double::new().broken(), dead.clone());
    let mut batch = vec![1, 2, 3];
    sink.write(&mut batch).await.unwrap_err();
    assert_eq!(batch, [2, 3]);
    sink.write(&mut batch).await.unwrap();
    assert_eq!(dead.taken(), [1, 2, 3]);
}

#[tokio::test]
async fn a_failed_flow_abandons_both() {
    let (sink, dead) = (Double::new().failing_after([2]), Double::new());
    let flow = (1..=3).flow().with_error().concat(fail("the source broke"));
    let ended = flow.run_into(or_dead_letter(sink.clone(), dead.clone())).await;
    assert!(matches!(ended, Err(RunError::Flow("the source broke"))), "{ended:?}");
    assert_eq!(dead.taken(), [3], "what came before the failure is still a dead letter");
    assert_eq!(sink.calls(), ["write", "flush", "abandon"]);
    assert_eq!(dead.calls(), ["write", "flush", "abandon"]);
}

#[tokio::test]
async fn dead_letters_that_show_all_or_nothing_show_nothing_of_a_flow_that_failed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("refused.jsonl");
    let both = || or_dead_letter(Double::new().failing_after([0]), json_lines(&path).atomic());
    let failing = [1].flow().with_error().concat(fail("the source broke"));
    assert!(failing.run_into(both()).await.is_err());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    [1].flow().run_into(both()).await.unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "1\n");
}
