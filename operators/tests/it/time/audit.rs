use std::{task::Poll, time::Duration};

use thalweg::Drained;
use thalweg_operators::testing::{Conform, Script, assert_marbles, cold, probe};
use tokio::time::advance;

use crate::poll::poll;

const WINDOW: Duration = Duration::from_millis(4);

#[tokio::test(start_paused = true)]
async fn the_newest_item_comes_at_the_end_of_the_window_and_opens_none() {
    let flow = cold("    -a-xy-b------c--|").audit(WINDOW);
    assert_marbles(flow, "-----y----b------(c|)").await;
    let flow = cold("    -a-x--------|").audit(WINDOW);
    assert_marbles(flow, "-----x------|").await;
}

#[tokio::test(start_paused = true)]
async fn an_item_at_the_end_of_a_window_belongs_to_it() {
    assert_marbles(cold("-a---b----|").audit(WINDOW), "-----b----|").await;
}

#[tokio::test(start_paused = true)]
async fn completion_waits_for_the_item_that_waits() {
    assert_marbles(cold("-ab|").audit(WINDOW), "-----(b|)").await;
    assert_marbles(cold("-a----|").audit(WINDOW), "-----a|").await;
    assert_marbles(cold("---|").audit(WINDOW), "---|").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_passes_at_once_and_what_is_dropped_is_counted() {
    let flow = cold("-abc---de#").audit(WINDOW);
    let mut plan = flow.plan();
    assert_eq!(plan.bound(), Some(1));
    assert_marbles(flow, "-----c---#").await;
    plan.refresh();
    assert_eq!(
        plan.stages()[0].counts().unwrap().to_string(),
        "in 5, out 1, dropped 3 (superseded), dropped 1 (failed), in flight 0"
    );
}

#[tokio::test(start_paused = true)]
async fn a_window_that_ended_before_a_late_poll_goes_before_what_comes_then() {
    let mut flow = cold("ab------c---|").audit(WINDOW);
    assert_eq!(poll(&mut flow, 8, false).0, []);
    advance(Duration::from_millis(1)).await;
    assert_eq!(poll(&mut flow, 8, false).0, []);
    advance(Duration::from_millis(8)).await;
    assert_eq!(poll(&mut flow, 8, false).0, ['b']);
    advance(WINDOW).await;
    assert_eq!(
        poll(&mut flow, 8, false),
        (vec!['c'], Poll::Ready(Ok(Drained::Completed)))
    );
}

#[tokio::test(start_paused = true)]
async fn without_a_budget_nothing_comes_and_nothing_is_lost() {
    let (source, log) = probe(Script::Idle(2));
    let mut flow = source.audit(WINDOW);
    assert_eq!(poll(&mut flow, 8, false), (vec![], Poll::Pending));
    advance(WINDOW).await;
    let (items, rest) = poll(&mut flow, 0, true);
    assert_eq!(
        (items.len(), rest),
        (0, Poll::Ready(Ok(Drained::Exhausted)))
    );
    assert!(log.saw_stop());
    assert_eq!(
        poll(&mut flow, 8, true),
        (vec![1], Poll::Ready(Ok(Drained::Completed)))
    );
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.audit(WINDOW)).check().await;
    // A window of no time is over at the next poll, so its items depend on the polls.
    Conform::new(|source| source.audit(Duration::ZERO))
        .any_sequence()
        .check()
        .await;
}
