use std::{task::Poll, time::Duration};

use thalweg::Drained;
use thalweg_operators::{
    IntoFlow,
    testing::{Conform, Script, assert_marbles, cold, probe},
};
use tokio::time::advance;

use crate::poll::poll;

const TIME: Duration = Duration::from_millis(4);

#[tokio::test(start_paused = true)]
async fn every_item_is_shifted_and_order_and_gaps_stay() {
    let flow = cold("    ---a--(bc)-----d----|").delay(TIME);
    assert_marbles(flow, "-------a--(bc)-----d|").await;
}

#[tokio::test(start_paused = true)]
async fn completion_comes_with_the_last_item_or_at_once() {
    assert_marbles(cold("---a--b|").delay(TIME), "-------a--(b|)").await;
    assert_marbles(cold("---a------|").delay(TIME), "-------a--|").await;
    assert_marbles(cold("----|").delay(TIME), "----|").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_is_not_delayed_and_what_is_under_way_is_dropped_and_counted() {
    assert_marbles(cold("---a---b----#").delay(TIME), "-------a---b#").await;
    let flow = cold("-a---bc--#").delay(TIME);
    let mut plan = flow.plan();
    assert_eq!(plan.bound(), Some(1024));
    assert_marbles(flow, "-----a---(b#)").await;
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!(
        counts.to_string(),
        "in 3, out 2, dropped 1 (failed), in flight 0"
    );
}

#[tokio::test(start_paused = true)]
async fn when_it_is_full_the_source_waits() {
    let (source, log) = probe(Script::Items(5));
    let flow = source.delay(TIME).capacity(2);
    assert_eq!(flow.plan().bound(), Some(2));
    assert_marbles(flow, "----(01)(23)(4|)").await;
    assert_eq!(log.polls(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_delay_of_nothing_changes_nothing() {
    assert_marbles(cold("-a-(bc)-|").delay(Duration::ZERO), "-a-(bc)-|").await;
}

#[test]
#[should_panic(expected = "a delay of 0 items lets nothing through")]
fn a_capacity_of_none_is_refused_at_the_call() {
    let _ = [1].flow().delay(TIME).capacity(0);
}

#[tokio::test(start_paused = true)]
async fn without_a_budget_nothing_comes_and_nothing_is_lost() {
    let mut flow = cold("(ab)").delay(TIME).capacity(2);
    assert_eq!(poll(&mut flow, 8, false), (vec![], Poll::Pending));
    advance(TIME).await;
    let (items, rest) = poll(&mut flow, 0, true);
    assert_eq!(
        (items.len(), rest),
        (0, Poll::Ready(Ok(Drained::Exhausted)))
    );
    let (items, rest) = poll(&mut flow, 8, true);
    assert_eq!(
        (items, rest),
        (vec!['a', 'b'], Poll::Ready(Ok(Drained::Completed)))
    );
}

#[tokio::test(start_paused = true)]
async fn a_stop_reaches_the_source_while_it_is_full() {
    let (source, log) = probe(Script::Endless);
    let mut flow = source.delay(TIME).capacity(2);
    assert_eq!(poll(&mut flow, 8, false), (vec![], Poll::Pending));
    assert_eq!(poll(&mut flow, 8, true), (vec![], Poll::Pending));
    assert!(log.is_dropped());
    advance(TIME).await;
    assert_eq!(
        poll(&mut flow, 8, true),
        (vec![0, 1], Poll::Ready(Ok(Drained::Completed)))
    );
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.delay(TIME)).check().await;
    Conform::new(|source| source.delay(TIME).capacity(7))
        .check()
        .await;
    Conform::new(|source| source.delay(Duration::ZERO).capacity(1))
        .check()
        .await;
}
