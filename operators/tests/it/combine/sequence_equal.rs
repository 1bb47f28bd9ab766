use std::task::Poll;

use thalweg_core::{Counts, Drained, DropReason, Plan};
use thalweg_operators::{
    IntoFlow,
    testing::{Broken, Conform, Script, assert_marbles, captured, cold, probe},
};

use crate::poll::poll;

fn counts(plan: &mut Plan) -> Counts {
    plan.refresh();
    plan.stages()[0].counts().unwrap()
}

#[tokio::test(start_paused = true)]
async fn equal_items_in_the_same_order_whenever_they_come() {
    let flow = cold("    --1---2--|").sequence_equal(cold("----1---2----|"));
    assert_marbles(flow, "-------------({true}|)").await;
    assert_marbles(cold("|").sequence_equal(cold("|")), "({true}|)").await;
    let flow = cold("-1--2--|").sequence_equal_by(cold("-a-b-|"), |one, other| {
        (*one == '1') == (*other == 'a')
    });
    assert_marbles(flow, "-------({true}|)").await;
}

#[tokio::test(start_paused = true)]
async fn a_pair_that_differs_is_the_end() {
    let flow = cold("-1--2--3--|").sequence_equal(cold("--1---x------|"));
    let mut plan = flow.plan();
    assert_marbles(flow, "------({false}|)").await;
    let counts = counts(&mut plan);
    assert_eq!(
        (counts.received, counts.emitted, counts.dropped()),
        (4, 4, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn so_is_an_item_that_the_other_does_not_have() {
    let flow = cold("-1--2--3--|").sequence_equal(cold("-1-|"));
    let mut plan = flow.plan();
    assert_marbles(flow, "----({false}|)").await;
    assert_eq!(counts(&mut plan).dropped_by(DropReason::Unmatched), 1);
    assert_marbles(cold("|").sequence_equal(cold("---1--|")), "---({false}|)").await;
    assert_marbles(cold("|").sequence_equal(cold("---")), "---").await;
    assert_marbles(cold("---").sequence_equal(cold("|")), "---").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_of_either_is_the_end_without_an_answer() {
    assert_marbles(cold("-1--#").sequence_equal(cold("-1-----|")), "----#").await;
    let flow = cold("-1----|").sequence_equal(cold("---#"));
    let mut plan = flow.plan();
    assert_marbles(flow, "---#").await;
    assert_eq!(counts(&mut plan).dropped_by(DropReason::Failed), 1);
    let (other, log) = probe(Script::Endless);
    let mut flow = probe(Script::Failing(0)).0.sequence_equal(other);
    assert_eq!(flow.next().await, Err(Broken));
    assert!(log.is_dropped());
}

#[tokio::test]
async fn both_are_dropped_before_the_answer() {
    let (first, first_log) = probe(Script::Endless);
    let (second, second_log) = probe(Script::Endless);
    let mut flow = first.sequence_equal(second.map(|n| n / 9 * 9));
    assert_eq!(flow.next().await, Ok(Some(false)));
    assert!(first_log.is_dropped() && second_log.is_dropped());
    assert_eq!(first_log.produced(), 2);
}

#[test]
fn the_answer_waits_for_a_budget() {
    let mut flow = std::iter::empty::<u32>().flow().sequence_equal([7].flow());
    let exhausted = Poll::Ready(Ok(Drained::Exhausted));
    let completed = Poll::Ready(Ok(Drained::Completed));
    assert_eq!(poll(&mut flow, 0, false), (vec![], exhausted));
    assert_eq!(poll(&mut flow, 8, false), (vec![false], completed));
    assert_eq!(poll(&mut flow, 8, false), (vec![], completed));
    let stopped = probe(Script::Idle(0))
        .0
        .sequence_equal(probe(Script::Idle(0)).0);
    let mut flow = stopped;
    assert_eq!(
        poll(&mut flow, 0, true),
        (vec![], Poll::Ready(Ok(Drained::Exhausted)))
    );
    assert_eq!(
        poll(&mut flow, 1, true),
        (vec![true], Poll::Ready(Ok(Drained::Completed)))
    );
}

#[test]
fn no_side_is_ahead_by_more_than_one_item() {
    let (endless, log) = probe(Script::Endless);
    let mut flow = endless.sequence_equal(probe(Script::Idle(3)).0);
    let mut plan = flow.plan();
    assert_eq!(poll(&mut flow, 64, false), (vec![], Poll::Pending));
    assert_eq!(log.produced(), 4);
    assert_eq!(counts(&mut plan).in_flight(), 1);
    drop(flow);
    assert_eq!(counts(&mut plan).dropped_by(DropReason::Cancelled), 1);
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.sequence_equal(probe(Script::Endless).0))
        .check()
        .await;
    Conform::new(|source| probe(Script::Endless).0.sequence_equal(source))
        .check()
        .await;
    Conform::new(|source| {
        let kept = captured();
        source.sequence_equal_by(probe(Script::Stuttering(200)).0, move |a, b| {
            kept.with(a == b)
        })
    })
    .check()
    .await;
    Conform::new(|source| source.sequence_equal(probe(Script::Items(30)).0))
        .handles_errors()
        .check()
        .await;
}
