use std::{task::Poll, time::Duration};

use thalweg_core::Drained;
use thalweg_operators::testing::{Conform, Script, assert_marbles, cold, probe};
use tokio::time::advance;

use crate::poll::poll;

const TIME: Duration = Duration::from_millis(6);

#[tokio::test(start_paused = true)]
async fn items_pass_until_the_time_is_over() {
    assert_marbles(cold("-a--b-----c|").take_for(TIME), "-a--b-|").await;
    assert_marbles(cold("-a--b---").take_for(TIME), "-a--b-|").await;
    assert_marbles(cold("-a--|").take_for(TIME), "-a--|").await;
    assert_marbles(cold("-a--#").take_for(TIME), "-a--#").await;
}

#[tokio::test(start_paused = true)]
async fn at_one_instant_the_end_goes_before_the_item() {
    assert_marbles(cold("-a----b|").take_for(TIME), "-a----|").await;
}

#[tokio::test(start_paused = true)]
async fn the_time_is_counted_from_the_first_poll() {
    let flow = cold("-a----b|").take_for(TIME);
    advance(TIME).await;
    assert_marbles(flow, "-a----|").await;
}

#[tokio::test(start_paused = true)]
async fn with_no_time_the_source_is_never_polled() {
    let (source, log) = probe(Script::Endless);
    assert_marbles(source.take_for(Duration::ZERO), "|").await;
    assert_eq!(log.polls(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_end_comes_without_a_budget_and_drops_the_source() {
    let (source, log) = probe(Script::Endless);
    let mut flow = source.take_for(TIME);
    assert_eq!(poll(&mut flow, 2, false).0, [0, 1]);
    advance(TIME).await;
    assert_eq!(poll(&mut flow, 0, false), (vec![], Poll::Ready(Ok(Drained::Completed))));
    assert!(log.is_dropped());
}

#[tokio::test(start_paused = true)]
async fn the_longest_time_never_ends() {
    assert_marbles(cold("-a----b|").take_for(Duration::MAX), "-a----b|").await;
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.take_for(TIME)).check().await;
    Conform::new(|source| source.take_for(Duration::ZERO)).handles_errors().check().await;
}
