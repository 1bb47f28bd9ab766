use std::task::Poll;

use thalweg_core::{Counts, Drained, DropReason, Plan};
use thalweg_operators::{
    Flow,
    combine::fork_join,
    testing::{Broken, Conform, Marbles, Script, assert_marbles, cold, probe},
};

use crate::poll::poll;

fn text(row: Vec<char>) -> String {
    row.into_iter().collect()
}

fn counts(plan: &mut Plan) -> Counts {
    plan.refresh();
    plan.stages()[0].counts().unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_last_of_each_when_all_have_completed() {
    let flow = fork_join([cold("-a--b---|"), cold("--c|"), cold("----d-e----|")]);
    let mut plan = flow.plan();
    assert_marbles(flow.map(text), "-----------({bce}|)").await;
    let counts = counts(&mut plan);
    assert_eq!((counts.received, counts.emitted, counts.in_flight()), (5, 3, 0));
    assert_eq!(counts.dropped_by(DropReason::Superseded), 2);
    assert_marbles(fork_join([cold("-a-")]).map(text), "---").await;
}

#[tokio::test(start_paused = true)]
async fn one_without_an_item_ends_all_at_once() {
    let (endless, log) = probe(Script::Idle(2));
    let flow = fork_join([endless.map(|_| 'a').boxed(), cold("----|").boxed()]);
    let mut plan = flow.plan();
    assert_marbles(flow.map(text), "----|").await;
    assert!(log.is_dropped());
    assert_eq!(counts(&mut plan).dropped_by(DropReason::Unmatched), 1);
    assert_marbles(fork_join(Vec::<Flow<Marbles>>::new()).map(text), "|").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_is_the_end() {
    let flow = fork_join([cold("-a-|"), cold("--b--#"), cold("-----------c|")]);
    let mut plan = flow.plan();
    assert_marbles(flow.map(text), "-----#").await;
    let counts = counts(&mut plan);
    assert_eq!((counts.received, counts.dropped_by(DropReason::Failed)), (2, 2));
}

#[test]
fn the_row_waits_for_a_budget() {
    let mut flow = fork_join([probe(Script::Idle(1)).0, probe(Script::Idle(2)).0]);
    assert_eq!(poll(&mut flow, 8, false), (vec![], Poll::Pending));
    let exhausted = Poll::Ready(Ok(Drained::Exhausted));
    assert_eq!(poll(&mut flow, 0, true), (vec![], exhausted));
    let completed = Poll::Ready(Ok(Drained::Completed));
    assert_eq!(poll(&mut flow, 1, true), (vec![vec![0, 1]], completed));
    assert_eq!(poll(&mut flow, 1, true), (vec![], completed));
}

#[tokio::test]
async fn what_is_held_is_counted_when_the_flow_is_dropped() {
    let mut flow = fork_join([probe(Script::Idle(3)).0, probe(Script::Idle(0)).0]);
    let mut plan = flow.plan();
    assert_eq!(poll(&mut flow, 8, false).1, Poll::Pending);
    drop(flow);
    assert_eq!(counts(&mut plan).dropped_by(DropReason::Cancelled), 1);
    assert_eq!(counts(&mut plan).in_flight(), 0);
}

#[tokio::test]
async fn an_error_drops_the_others() {
    let (endless, log) = probe(Script::Endless);
    let mut flow = fork_join([probe(Script::Failing(1)).0, endless]);
    assert_eq!(flow.next().await, Err(Broken));
    assert!(log.is_dropped());
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| fork_join([source, probe(Script::Items(30)).0])).check().await;
    Conform::new(|source| fork_join([probe(Script::Items(30)).0, source])).check().await;
}
