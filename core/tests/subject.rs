//! What the subjects tell those who come early, late, and after the end.

use thalweg::{
    BehaviorSubject, Flow, Observable, Plan, ReplaySubject, Subscription, hub::Delivery, prelude::*,
};

type Reader<E> = Flow<Subscription<u32, E>>;

/// What a reader gets before the end, and that.
async fn all<E: Clone>(mut reader: Reader<E>) -> (Vec<u32>, Result<(), E>) {
    let mut seen = Vec::new();
    loop {
        match reader.next().await {
            Ok(Some(item)) => seen.push(item),
            Ok(None) => return (seen, Ok(())),
            Err(error) => return (seen, Err(error)),
        }
    }
}

#[tokio::test]
async fn a_replay_subject_tells_its_newest_items_also_after_its_end() {
    let subject = ReplaySubject::fallible(2);
    let early = subject.subscribe().flow();
    subject.send(1).await;
    subject.send(2).await;
    let early = tokio::spawn(all(early));
    subject.send(3).await;
    let late = subject.subscribe().flow();
    let lagging = subject.subscribe_with(Delivery::Lag(1)).flow();
    subject.send(4).await;
    subject.fail("broken");
    subject.send(5).await;
    let too_late = subject.subscribe().flow();
    assert_eq!(early.await.unwrap(), (vec![1, 2, 3, 4], Err("broken")));
    assert_eq!(all(late).await, (vec![2, 3, 4], Err("broken")));
    assert_eq!(all(lagging).await, (vec![4], Err("broken")));
    assert_eq!(all(too_late).await, (vec![3, 4], Err("broken")));
    let counts = subject.meter().counts();
    assert_eq!(
        counts.to_string(),
        "in 12, out 10, dropped 1 (overflow), dropped 1 (cancelled), in flight 0"
    );
}

#[tokio::test]
async fn history_does_not_count_as_being_behind() {
    let subject = ReplaySubject::new(3);
    for item in 0..3 {
        subject.send(item).await;
    }
    let late = subject.subscribe().flow();
    for item in 3..6 {
        // None of these waits for the late one.
        subject.send(item).await;
    }
    assert_eq!(subject.subscribers(), 1);
    subject.complete();
    assert_eq!(all(late).await.0, [0, 1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn a_replay_subject_may_keep_all() {
    let subject = ReplaySubject::new(usize::MAX);
    for item in 0..1000 {
        subject.send(item).await;
    }
    let late = subject.subscribe();
    assert_eq!(Plan::of(&late).bound(), None);
    subject.complete();
    assert_eq!(all(late.flow()).await.0, (0..1000).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_behavior_subject_has_a_value_from_the_start() {
    let subject = BehaviorSubject::fallible(1);
    let early = subject.subscribe().flow();
    assert_eq!(subject.value(), 1);
    subject.send(2).await;
    assert_eq!(subject.value(), 2);
    let late = subject.subscribe().flow();
    let newest = subject.subscribe_with(Delivery::Latest).flow();
    subject.send(3).await;
    subject.fail("broken");
    assert_eq!(all(early).await, (vec![1, 2, 3], Err("broken")));
    assert_eq!(all(late).await, (vec![2, 3], Err("broken")));
    assert_eq!(all(newest).await, (vec![3], Err("broken")));
}

#[tokio::test]
async fn after_its_end_a_behavior_subject_tells_the_end_only() {
    let subject = BehaviorSubject::new(1);
    subject.send(2).await;
    subject.complete();
    subject.send(3).await;
    assert_eq!(subject.value(), 2);
    assert_eq!(all(subject.subscribe().flow()).await, (vec![], Ok(())));
}

#[tokio::test]
async fn a_value_that_somebody_looks_at_does_not_hold_back_the_next() {
    let subject = BehaviorSubject::new(String::from("a"));
    let mut reader = subject.subscribe();
    for word in ["b", "c"] {
        let before = subject.value();
        subject.send(word.to_owned()).await;
        assert_ne!(subject.value(), before);
    }
    let mut task = std::task::Context::from_waker(std::task::Waker::noop());
    let mut seen = String::new();
    let polled =
        std::pin::Pin::new(&mut reader).poll_drain(&mut thalweg::Cx::new(&mut task), |word| {
            seen += &word;
            std::ops::ControlFlow::Continue(())
        });
    assert!(polled.is_pending());
    assert_eq!(seen, "abc");
}
