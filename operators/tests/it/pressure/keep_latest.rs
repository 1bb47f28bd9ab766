use std::task::Poll;

use thalweg::{Drained, Subject};
use thalweg_operators::{
    IntoFlow,
    testing::{Conform, Script, assert_marbles, cold, probe},
};

use crate::poll::poll;

#[tokio::test(start_paused = true)]
async fn of_what_is_ready_at_once_only_the_newest_comes() {
    assert_marbles(cold("-a-(bcd)---(ef|)").keep_latest(), "-a-d-------(f|)").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_passes_at_once() {
    let flow = cold("-a-(bc#)").keep_latest();
    let mut plan = flow.plan();
    assert_marbles(flow, "-a-#").await;
    plan.refresh();
    assert_eq!(
        plan.stages()[0].counts().unwrap().to_string(),
        "in 3, out 1, dropped 1 (superseded), dropped 1 (failed), in flight 0"
    );
}

#[tokio::test]
async fn a_consumer_that_comes_late_sees_what_is_current() {
    let subject = Subject::new(8);
    let mut flow = subject.subscribe().flow().keep_latest();
    for item in 1..=3 {
        subject.send(item).await;
    }
    assert_eq!(flow.next().await, Ok(Some(3)));
    subject.send(4).await;
    assert_eq!(flow.next().await, Ok(Some(4)));
    subject.send(5).await;
    subject.complete();
    assert_eq!(flow.next().await, Ok(Some(5)));
    assert_eq!(flow.next().await, Ok(None));
}

#[tokio::test]
async fn of_a_source_that_never_runs_dry_one_item_comes_for_a_budget() {
    let mut flow = probe(Script::Endless).0.keep_latest();
    assert_eq!(
        poll(&mut flow, 8, false),
        (vec![7], Poll::Ready(Ok(Drained::Exhausted)))
    );
    let (items, rest) = poll(&mut flow, 0, false);
    assert_eq!(
        (items.len(), rest),
        (0, Poll::Ready(Ok(Drained::Exhausted)))
    );
    assert_eq!(poll(&mut flow, 8, false).0, [15]);
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(thalweg_operators::Flow::keep_latest)
        .any_sequence()
        .check()
        .await;
}
