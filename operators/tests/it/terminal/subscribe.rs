use std::time::Duration;

use futures::future::join;
use thalweg_core::{DropReason, Subject, hub::Delivery};
use thalweg_operators::{
    Flow, IntoFlow,
    testing::{Broken, Event, Script, cold, probe, record},
};
use tokio::time::{sleep, timeout};

use crate::cancel::at_every_poll;

#[tokio::test(start_paused = true)]
async fn items_and_the_end_reach_all_who_are_subscribed() {
    for (end, event) in [("|", Event::Completed), ("#", Event::Failed(Broken))] {
        let subject = Subject::fallible(8);
        let (one, two) = (subject.subscribe().flow(), subject.subscribe().flow());
        let source = cold(&format!("-a-(bc)--{end}"));
        let run = source.subscribe(subject);
        let (one, two, ()) = tokio::join!(record(one), record(two), run);
        let items = [
            (1, Event::Item('a')),
            (3, Event::Item('b')),
            (3, Event::Item('c')),
        ];
        assert_eq!(one[..3], items);
        assert_eq!(one[3], (9, event));
        assert_eq!(one, two);
    }
}

#[tokio::test]
async fn the_source_is_dropped_before_the_end_is_told() {
    let (source, log) = probe(Script::Items(3));
    let subject = Subject::fallible(8);
    let heard = subject.subscribe().flow();
    tokio::spawn(source.subscribe(subject));
    assert_eq!(heard.count().await, Ok(3));
    assert!(log.is_dropped());
}

#[tokio::test]
async fn the_slowest_subscriber_holds_back_the_source() {
    let (source, log) = probe(Script::Items(5000));
    let subject = Subject::fallible(10);
    let mut slow = subject.subscribe().flow();
    let latest = subject.subscribe_with(Delivery::Latest);
    let run = tokio::spawn(source.subscribe(subject));
    for expected in 0..5000 {
        assert_eq!(slow.next().await, Ok(Some(expected)));
        assert!(log.produced() <= u64::from(expected) + 10 + 2 * 1024);
    }
    assert_eq!(slow.next().await, Ok(None));
    run.await.unwrap();
    assert_eq!(latest.flow().collect::<Vec<_>>().await, Ok(vec![4999]));
}

#[tokio::test]
async fn with_no_subscriber_all_is_dropped_and_counted() {
    let subject = Subject::new(1);
    let handle = subject.clone();
    (0..3000).flow().subscribe(subject).await;
    assert_eq!(
        handle.meter().counts().dropped_by(DropReason::Cancelled),
        3000
    );
    assert_eq!(handle.subscribe().flow().count().await, Ok(0));
}

#[tokio::test(start_paused = true)]
async fn dropping_it_does_not_end_the_subject() {
    let subject = Subject::fallible(8);
    let mut heard = subject.subscribe().flow();
    let run = cold("a---b|").subscribe(subject.clone());
    assert!(timeout(Duration::from_millis(2), run).await.is_err());
    subject.send('c').await;
    assert_eq!(
        (heard.next().await, heard.next().await),
        (Ok(Some('a')), Ok(Some('c')))
    );
    assert!(
        timeout(Duration::from_millis(9), heard.next())
            .await
            .is_err()
    );
}

#[tokio::test]
async fn an_endless_flow_lets_a_sibling_task_run() {
    let (told, heard) = tokio::sync::oneshot::channel();
    let run = tokio::spawn((0_u64..).flow().subscribe(Subject::new(1)));
    let sibling = tokio::spawn(async move { told.send(()) });
    heard.await.unwrap();
    sibling.await.unwrap().unwrap();
    run.abort();
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_room_is_sent_in_order() {
    let subject = Subject::new(2);
    let mut heard = subject.subscribe().flow();
    let mut source = (0..7).flow();
    let run = Flow::new(&mut source).subscribe(subject);
    let read = async {
        let mut seen = Vec::new();
        while let Ok(Some(item)) = heard.next().await {
            seen.push(item);
            sleep(Duration::from_millis(1)).await;
        }
        seen
    };
    let (seen, ()) = tokio::join!(read, run);
    assert_eq!(seen, [0, 1, 2, 3, 4, 5, 6]);
}

#[tokio::test]
async fn dropped_at_any_poll_it_loses_the_batch_that_waits_for_room() {
    at_every_poll(1, |source, tally| {
        let subject = Subject::fallible(8);
        let heard = subject.subscribe().flow().for_each(move |_| tally.add());
        join(source.subscribe(subject), heard)
    })
    .await;
}
