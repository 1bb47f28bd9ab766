use std::time::Duration;

use thalweg_operators::testing::{Conform, assert_marbles, cold};
use tokio::time::advance;

use crate::{poll::poll, windows::text};

const SPAN: Duration = Duration::from_millis(6);

#[tokio::test(start_paused = true)]
async fn a_vector_comes_at_the_end_of_every_span_also_without_items() {
    let flow = cold("    --1--2------------3--|").buffer_time(SPAN).map(text);
    assert_marbles(flow, "------{12}-----{[]}-----{[]}--({3}|)").await;
}

#[tokio::test(start_paused = true)]
async fn an_item_at_the_border_comes_into_the_next() {
    let flow = cold("    --1---2---|").buffer_time(SPAN).map(text);
    assert_marbles(flow, "------{1}---({2}|)").await;
}

#[tokio::test(start_paused = true)]
async fn the_next_begins_when_one_is_full() {
    let flow = cold("    --1-2---------3---|").buffer_time(SPAN).max(2).map(text);
    assert_marbles(flow, "----{12}-----{[]}-----{3}-({[]}|)").await;
    let flow = cold("    --(123)-------|").buffer_time(SPAN).max(1).map(text);
    assert_marbles(flow, "--({1}{2}{3})-{[]}-----({[]}{[]}|)").await;
}

#[tokio::test(start_paused = true)]
async fn vectors_may_overlap_and_end_in_their_order() {
    let flow = cold("    -1--2--3--4--5--|")
        .buffer_time(SPAN)
        .every(Duration::from_millis(4))
        .map(text);
    assert_marbles(flow, "------{12}---{23}---{45}-({5}{[]}|)").await;
    let flow = cold("    -1--2--3--4--5--|")
        .buffer_time(SPAN)
        .every(Duration::from_millis(4))
        .max(1)
        .map(text);
    // The one that begins at 4 has the item of 4; none is open at 7.
    assert_marbles(flow, "-{1}--{2}-----{4}--{5}--({[]}|)").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_drops_what_has_come_and_counts_it() {
    let flow = cold("-1-2----3-#").buffer_time(SPAN);
    let mut plan = flow.plan();
    assert_marbles(flow.map(text), "------{12}---#").await;
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!(counts.to_string(), "in 3, out 2, dropped 1 (failed), in flight 0");
}

#[tokio::test(start_paused = true)]
async fn spans_in_which_nobody_polled_are_skipped_and_the_grid_stays() {
    let mut flow = cold("-1--------2-----------------3------|").buffer_time(SPAN).map(text);
    assert!(poll(&mut flow, 8, false).0.is_empty());
    advance(Duration::from_millis(2)).await;
    assert!(poll(&mut flow, 8, false).0.is_empty());
    advance(Duration::from_millis(24)).await;
    // At 26: one border, and what came meanwhile is of the span since 24.
    assert_eq!(poll(&mut flow, 8, false).0, ["1"]);
    advance(Duration::from_millis(4)).await;
    assert_eq!(poll(&mut flow, 8, false).0, ["2"]);
    advance(Duration::from_millis(6)).await;
    assert_eq!(poll(&mut flow, 8, false).0, ["3", "[]"]);
}

#[tokio::test(start_paused = true)]
async fn a_consumer_that_is_slower_than_the_span_comes_to_the_end() {
    for period in [None, Some(SPAN / 2), Some(SPAN), Some(SPAN * 2)] {
        let mut flow = cold("-1-----------2----------------|").buffer_time(SPAN);
        if let Some(period) = period {
            flow = flow.every(period);
        }
        let mut rounds = 0;
        while flow.next().await.unwrap().is_some() {
            advance(SPAN * 5 / 2).await;
            rounds += 1;
            assert!(rounds < 12, "with a period of {period:?}");
        }
    }
}

#[test]
#[should_panic(expected = "a vector of no time has no items")]
fn of_no_time_is_refused_at_the_call() {
    let _ = cold("-a|").buffer_time(Duration::ZERO);
}

#[test]
#[should_panic(expected = "a period of no time has no vectors")]
fn every_no_time_is_refused_at_the_call() {
    let _ = cold("-a|").buffer_time(SPAN).every(Duration::ZERO);
}

#[test]
#[should_panic(expected = "a vector of 0 items never comes")]
fn of_no_items_is_refused_at_the_call() {
    let _ = cold("-a|").buffer_time(SPAN).max(0);
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.buffer_time(SPAN)).check().await;
    Conform::new(|source| source.buffer_time(SPAN).max(7)).check().await;
    Conform::new(|source| source.buffer_time(SPAN).every(SPAN / 3)).check().await;
}
