use std::{task::Poll, time::Duration};

use thalweg::Drained;
use thalweg_operators::testing::{Conform, Script, assert_marbles, cold, hot, probe};
use tokio::time::advance;

use crate::poll::poll;

const TIME: Duration = Duration::from_millis(3);

#[tokio::test(start_paused = true)]
async fn a_cold_source_starts_later_and_a_hot_one_is_missed() {
    assert_marbles(cold("-a--b|").delay_subscription(TIME), "----a--b|").await;
    assert_marbles(cold("-a--#").delay_subscription(TIME), "----a--#").await;
    assert_marbles(hot("-a--b|").delay_subscription(TIME), "----b|").await;
}

#[tokio::test(start_paused = true)]
async fn the_source_is_left_alone_until_then() {
    let (source, log) = probe(Script::Items(1));
    let mut flow = source.delay_subscription(TIME);
    assert_eq!(poll(&mut flow, 8, false), (vec![], Poll::Pending));
    advance(Duration::from_millis(2)).await;
    assert_eq!(poll(&mut flow, 8, false), (vec![], Poll::Pending));
    assert_eq!(log.polls(), 0);
    advance(Duration::from_millis(1)).await;
    assert_eq!(
        poll(&mut flow, 8, false),
        (vec![0], Poll::Ready(Ok(Drained::Completed)))
    );
}

#[tokio::test(start_paused = true)]
async fn a_delay_of_nothing_changes_nothing() {
    assert_marbles(cold("-a|").delay_subscription(Duration::ZERO), "-a|").await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_the_wait() {
    let (source, log) = probe(Script::Endless);
    let mut flow = source.delay_subscription(TIME);
    assert_eq!(poll(&mut flow, 8, false), (vec![], Poll::Pending));
    assert_eq!(
        poll(&mut flow, 8, true),
        (vec![], Poll::Ready(Ok(Drained::Completed)))
    );
    assert!(log.saw_stop());
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.delay_subscription(Duration::ZERO))
        .check()
        .await;
    Conform::new(|source| source.delay_subscription(TIME))
        .check()
        .await;
}
