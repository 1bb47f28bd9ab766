use std::task::Poll;

use thalweg_core::{Counts, Drained, DropReason, Plan};
use thalweg_operators::{
    IntoFlow,
    testing::{Broken, Conform, Script, assert_marbles, cold, probe},
};

use crate::poll::poll;

fn text((one, other): (char, char)) -> String {
    format!("{one}{other}")
}

fn counts(plan: &mut Plan) -> Counts {
    plan.refresh();
    plan.stages()[0].counts().unwrap()
}

#[tokio::test(start_paused = true)]
async fn every_item_meets_the_newest_of_the_other() {
    let flow = cold("    --1----2-3-----4--|").with_latest_from(cold("----a-----b-c|"));
    let mut plan = flow.plan();
    assert_marbles(flow.map(text), "-------{2a}-{3a}-----{4c}--|").await;
    let counts = counts(&mut plan);
    assert_eq!((counts.received, counts.emitted, counts.in_flight()), (7, 5, 0));
    assert_eq!(counts.dropped_by(DropReason::Unmatched), 1);
    assert_eq!(counts.dropped_by(DropReason::Superseded), 1);
}

#[tokio::test(start_paused = true)]
async fn at_one_instant_the_other_goes_first() {
    let flow = cold("--1--2|").with_latest_from(cold("--a--b|")).map(text);
    assert_marbles(flow, "--{1a}--{2b}|").await;
}

#[tokio::test(start_paused = true)]
async fn ends_with_its_source_and_not_with_the_other() {
    let flow = cold("--1--2--|").with_latest_from(cold("|")).map(text);
    assert_marbles(flow, "--------|").await;
    let flow = cold("--1-|").with_latest_from(cold("-a-----b")).map(text);
    assert_marbles(flow, "--{1a}-|").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_of_either_is_the_end() {
    let flow = cold("--1--#").with_latest_from(cold("-a------|")).map(text);
    assert_marbles(flow, "--{1a}--#").await;
    let flow = cold("---1--2|").with_latest_from(cold("-a--#"));
    let mut plan = flow.plan();
    assert_marbles(flow.map(text), "---{1a}#").await;
    assert_eq!(counts(&mut plan).dropped(), 0);
    let flow = cold("------|").with_latest_from(cold("-a--#"));
    let mut plan = flow.plan();
    assert_marbles(flow.map(text), "----#").await;
    assert_eq!(counts(&mut plan).dropped_by(DropReason::Failed), 1);
}

#[test]
fn an_other_that_always_has_items_leaves_half_of_the_budget() {
    let mut flow = (1..).flow().with_latest_from((1..).flow());
    let (items, rest) = poll(&mut flow, 10, false);
    assert_eq!(items, [1, 2, 3, 4, 5].map(|n| (n, 5)));
    assert_eq!(rest, Poll::Ready(Ok(Drained::Exhausted)));
    // Both come on with a budget of 1 as well.
    let seen: Vec<_> = (0..4).flat_map(|_| poll(&mut flow, 1, false).0).collect();
    assert_eq!(seen, [(6, 5), (7, 6)]);
}

#[test]
fn a_source_that_waits_does_not_keep_the_other_from_its_turn() {
    let (other, log) = probe(Script::Items(3));
    let mut flow = probe(Script::Idle(0)).0.with_latest_from(other);
    for _ in 0..8 {
        let (items, _) = poll(&mut flow, 1, false);
        assert!(items.is_empty());
    }
    assert_eq!(log.produced(), 3);
    assert_eq!(poll(&mut flow, 1, false).1, Poll::Pending);
}

#[tokio::test]
async fn what_waits_is_counted_when_the_flow_is_dropped() {
    let mut flow = probe(Script::Idle(0)).0.with_latest_from(probe(Script::Idle(2)).0);
    let mut plan = flow.plan();
    assert_eq!(poll(&mut flow, 8, false).1, Poll::Pending);
    assert_eq!(counts(&mut plan).in_flight(), 1);
    drop(flow);
    assert_eq!(counts(&mut plan).dropped_by(DropReason::Cancelled), 1);
}

#[tokio::test]
async fn an_error_drops_the_source() {
    let (source, log) = probe(Script::Endless);
    let mut flow = source.with_latest_from(probe(Script::Failing(0)).0);
    assert_eq!(flow.next().await, Err(Broken));
    assert!(log.is_dropped());
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.with_latest_from(probe(Script::Items(3)).0))
        .interleaves()
        .check()
        .await;
    Conform::new(|source| probe(Script::Items(30)).0.with_latest_from(source))
        .handles_errors()
        .any_sequence()
        .check()
        .await;
}
