use std::task::Poll;

use thalweg_core::{Drained, DropReason, Holds};
use thalweg_operators::testing::{Conform, Script, assert_marbles, cold, numbers, probe};

use crate::poll::poll;

#[tokio::test(start_paused = true)]
async fn all_items_come_at_completion() {
    let flow = cold("-a--b-|").to_vec().map(String::from_iter::<Vec<char>>);
    assert_marbles(flow, "------({ab}|)").await;
    let flow = numbers("---|").to_vec().map(|all| all.len());
    assert_marbles(flow, "---(0|)").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_drops_what_was_gathered_and_counts_it() {
    let flow = numbers("-1-2#").to_vec();
    let mut plan = flow.plan();
    assert_eq!(plan.stages()[0].holds(), Holds::Unbounded);
    assert_marbles(flow.map(|all| all.len()), "----#").await;
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!((counts.received, counts.dropped_by(DropReason::Failed)), (2, 2));
}

#[tokio::test]
async fn what_was_gathered_waits_for_a_budget_and_comes_on_a_stop() {
    let mut flow = probe(Script::Idle(2)).0.to_vec();
    let mut plan = flow.plan();
    assert_eq!(poll(&mut flow, 9, false), (vec![], Poll::Pending));
    assert_eq!(poll(&mut flow, 0, true), (vec![], Poll::Ready(Ok(Drained::Exhausted))));
    plan.refresh();
    assert_eq!(plan.stages()[0].counts().unwrap().in_flight(), 2);
    assert_eq!(poll(&mut flow, 1, true), (vec![vec![0, 1]], Poll::Ready(Ok(Drained::Completed))));
    assert_eq!(poll(&mut flow, 1, true), (vec![], Poll::Ready(Ok(Drained::Completed))));
    plan.refresh();
    assert_eq!(plan.stages()[0].counts().unwrap().emitted, 2);
}

#[tokio::test]
async fn dropped_it_counts_what_it_had_gathered() {
    let mut flow = probe(Script::Idle(2)).0.to_vec();
    let mut plan = flow.plan();
    assert_eq!(poll(&mut flow, 9, false).0.len(), 0);
    drop(flow);
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!(counts.dropped_by(DropReason::Cancelled), 2);
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.to_vec()).check().await;
}
