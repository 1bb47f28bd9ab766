use std::task::Poll;

use thalweg_core::Drained;
use thalweg_operators::testing::{Conform, Script, assert_marbles, cold, probe};

use crate::poll::poll;

#[tokio::test(start_paused = true)]
async fn the_item_comes_at_the_end_of_an_empty_flow_only() {
    assert_marbles(cold("----|").default_if_empty('x'), "----(x|)").await;
    assert_marbles(cold("-a--|").default_if_empty('x'), "-a--|").await;
    assert_marbles(cold("-----").default_if_empty('x'), "-----").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_passes_without_the_item() {
    let mut flow = cold("----#").default_if_empty('x');
    assert!(flow.next().await.is_err());
    assert_eq!(flow.next().await, Ok(None));
}

#[tokio::test]
async fn a_stop_before_the_first_item_is_no_empty_flow() {
    let mut flow = probe(Script::Idle(0)).0.default_if_empty(7);
    assert_eq!(poll(&mut flow, 8, false).1, Poll::Pending);
    assert_eq!(poll(&mut flow, 8, true), (vec![], Poll::Ready(Ok(Drained::Completed))));
}

#[tokio::test]
async fn the_item_waits_for_a_budget() {
    let mut flow = probe(Script::Items(0)).0.default_if_empty(7);
    assert_eq!(poll(&mut flow, 0, false), (vec![], Poll::Ready(Ok(Drained::Exhausted))));
    assert_eq!(poll(&mut flow, 8, false), (vec![7], Poll::Ready(Ok(Drained::Completed))));
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.default_if_empty(7)).check().await;
    Conform::new(|source| source.filter(|_| false).default_if_empty(7)).check().await;
}
