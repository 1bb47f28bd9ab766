use std::task::Poll;

use thalweg_core::Drained;
use thalweg_operators::{
    IntoFlow,
    testing::{Conform, Script, assert_marbles, cold, probe},
};

use crate::poll::poll;

#[tokio::test(start_paused = true)]
async fn the_items_come_when_the_source_has_completed() {
    assert_marbles(cold("--a--|").end_with(['x', 'y']), "--a--(xy|)").await;
    assert_marbles(cold("(a|)").end_with(['x']), "(ax|)").await;
    assert_marbles(cold("--|").end_with(['x']), "--(x|)").await;
    assert_marbles(cold("-a-|").end_with([]), "-a-|").await;
    assert_marbles(cold("-a-").end_with(['x']), "-a-").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_passes_and_the_items_do_not_come() {
    assert_marbles(cold("-a-#").end_with(['x']), "-a-#").await;
}

#[tokio::test]
async fn the_source_is_dropped_before_the_items_come() {
    let (source, log) = probe(Script::Items(1));
    let mut flow = source.end_with([7, 8]);
    assert_eq!(flow.next().await, Ok(Some(0)));
    assert!(!log.is_dropped());
    assert_eq!(flow.next().await, Ok(Some(7)));
    assert!(log.is_dropped());
    assert_eq!(flow.next().await, Ok(Some(8)));
    assert_eq!(flow.next().await, Ok(None));
}

#[test]
fn the_items_spend_the_budget() {
    let mut flow = [1].flow().end_with(2..=4);
    let exhausted = Poll::Ready(Ok(Drained::Exhausted));
    assert_eq!(poll(&mut flow, 2, false), (vec![1, 2], exhausted));
    assert_eq!(poll(&mut flow, 0, false), (vec![], exhausted));
    let completed = Poll::Ready(Ok(Drained::Completed));
    assert_eq!(poll(&mut flow, 8, false), (vec![3, 4], completed));
}

#[test]
fn the_items_come_after_a_stop_too() {
    let (source, log) = probe(Script::Endless);
    let mut flow = source.end_with([7, 8]);
    assert_eq!(poll(&mut flow, 2, false).0, [0, 1]);
    let completed = Poll::Ready(Ok(Drained::Completed));
    assert_eq!(poll(&mut flow, 8, true), (vec![7, 8], completed));
    assert!(log.saw_stop());
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.end_with([1, 2, 3])).check().await;
    Conform::new(|source| source.end_with([])).check().await;
}
