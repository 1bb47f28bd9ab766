use std::task::Poll;

use thalweg::{Drained, Subject};
use thalweg_operators::{
    IntoFlow,
    testing::{Conform, Script, assert_marbles, captured, cold, probe},
};

use crate::poll::poll;

/// Writes the letters that come at once side by side.
fn side_by_side(text: &mut String, letter: char) {
    text.push(letter);
}

#[tokio::test(start_paused = true)]
async fn what_is_ready_at_once_becomes_one_item() {
    let flow = cold("    -a-(bcd)---(ef|)").conflate(String::from, side_by_side);
    assert_marbles(flow, "-a-{bcd}-------({ef}|)").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_passes_at_once_and_what_came_with_it_is_counted() {
    let flow = cold("-a-(bc#)").conflate(String::from, side_by_side);
    let mut plan = flow.plan();
    assert_eq!(plan.bound(), Some(0));
    assert_marbles(flow, "-a-#").await;
    plan.refresh();
    assert_eq!(
        plan.stages()[0].counts().unwrap().to_string(),
        "in 3, out 1, dropped 2 (failed), in flight 0"
    );
}

#[tokio::test]
async fn a_consumer_that_comes_late_gets_the_sum() {
    let subject = Subject::new(8);
    let mut flow = subject.subscribe().flow().conflate(
        |n: u32| (n, 1),
        |(sum, count), n| {
            *sum += n;
            *count += 1;
        },
    );
    for n in [1, 2, 3] {
        subject.send(n).await;
    }
    assert_eq!(flow.next().await, Ok(Some((6, 3))));
    subject.send(4).await;
    subject.complete();
    assert_eq!(flow.next().await, Ok(Some((4, 1))));
    assert_eq!(flow.next().await, Ok(None));
}

#[tokio::test]
async fn of_a_source_that_never_runs_dry_one_item_comes_for_a_budget() {
    let (source, log) = probe(Script::Endless);
    let mut flow = source.conflate(|n| n, |sum, n| *sum += n);
    assert_eq!(
        poll(&mut flow, 4, false),
        (vec![6], Poll::Ready(Ok(Drained::Exhausted)))
    );
    assert!(poll(&mut flow, 0, false).0.is_empty());
    assert_eq!(poll(&mut flow, 2, false).0, [9]);
    assert_eq!(log.produced(), 6);
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| {
        let kept = captured();
        let also = kept.clone();
        source.conflate(move |n| kept.with(n), move |sum, n| *sum += also.with(n))
    })
    .any_sequence()
    .check()
    .await;
}
