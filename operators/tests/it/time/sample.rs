use std::{task::Poll, time::Duration};

use thalweg::{Drained, DropReason};
use thalweg_operators::testing::{Conform, Script, assert_marbles, cold, probe};
use tokio::time::advance;

use crate::poll::poll;

const PERIOD: Duration = Duration::from_millis(4);

#[tokio::test(start_paused = true)]
async fn the_newest_item_comes_at_every_tick_if_there_is_one() {
    let flow = cold("    -a-b-----c--d-e-f--|").sample(PERIOD);
    assert_marbles(flow, "----b-------d---f--|").await;
}

#[tokio::test(start_paused = true)]
async fn an_item_at_a_tick_is_sampled_by_it() {
    assert_marbles(cold("-a--b-----|").sample(PERIOD), "----b-----|").await;
}

#[tokio::test(start_paused = true)]
async fn completion_drops_what_waits_and_so_does_an_error() {
    let flow = cold("-a----b|").sample(PERIOD);
    let mut plan = flow.plan();
    assert_eq!(plan.bound(), Some(1));
    assert_marbles(flow, "----a--|").await;
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!(counts.dropped_by(DropReason::Unmatched), 1);
    let flow = cold("-ab-----c#").sample(PERIOD);
    let mut plan = flow.plan();
    assert_marbles(flow, "----b---c#").await;
    plan.refresh();
    assert_eq!(
        plan.stages()[0].counts().unwrap().to_string(),
        "in 3, out 2, dropped 1 (superseded), in flight 0"
    );
}

#[tokio::test(start_paused = true)]
async fn ticks_that_nobody_polled_for_are_skipped_and_the_beat_is_kept() {
    let mut flow = cold("-a---------b--c-d|").sample(PERIOD);
    assert_eq!(poll(&mut flow, 8, false).0, []);
    advance(Duration::from_millis(1)).await;
    assert_eq!(poll(&mut flow, 8, false).0, []);
    // The ticks at 4 and 8 have passed: the first of them was that of `a`, and `b` waits for the one at 12.
    advance(Duration::from_millis(10)).await;
    assert_eq!(poll(&mut flow, 8, false).0, ['a']);
    advance(Duration::from_millis(1)).await;
    assert_eq!(poll(&mut flow, 8, false).0, ['b']);
    advance(PERIOD).await;
    assert_eq!(poll(&mut flow, 8, false).0, ['d']);
}

#[tokio::test(start_paused = true)]
async fn a_period_without_end_or_of_no_time_is_one_too() {
    assert_marbles(cold("-a-b--|").sample(Duration::MAX), "------|").await;
    assert_marbles(cold("-a-(bc)--|").sample(Duration::ZERO), "-a-c-----|").await;
}

#[tokio::test(start_paused = true)]
async fn without_a_budget_nothing_comes_and_nothing_is_lost() {
    let (source, log) = probe(Script::Idle(2));
    let mut flow = source.sample(PERIOD);
    assert_eq!(poll(&mut flow, 8, false), (vec![], Poll::Pending));
    advance(PERIOD).await;
    let (items, rest) = poll(&mut flow, 0, false);
    assert_eq!(
        (items.len(), rest),
        (0, Poll::Ready(Ok(Drained::Exhausted)))
    );
    assert_eq!(poll(&mut flow, 8, false), (vec![1], Poll::Pending));
    assert_eq!(
        poll(&mut flow, 8, true).1,
        Poll::Ready(Ok(Drained::Completed))
    );
    assert!(log.saw_stop());
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.sample(PERIOD)).check().await;
    // A tick at every poll: what it samples depends on them.
    Conform::new(|source| source.sample(Duration::ZERO))
        .any_sequence()
        .check()
        .await;
}
