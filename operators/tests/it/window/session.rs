use std::time::Duration;

use thalweg_operators::testing::{Conform, assert_marbles, cold};
use tokio::time::advance;

use crate::{poll::poll, windows::text};

const GAP: Duration = Duration::from_millis(4);

#[tokio::test(start_paused = true)]
async fn a_session_lasts_until_no_item_has_come_for_the_gap() {
    let flow = cold("    --1-2--3--------4-|").session(GAP).map(text);
    assert_marbles(flow, "-----------{123}------({4}|)").await;
}

#[tokio::test(start_paused = true)]
async fn an_item_at_the_end_of_the_gap_begins_the_next() {
    let flow = cold("    --1---2-----|").session(GAP).map(text);
    assert_marbles(flow, "------{1}---{2}-|").await;
}

#[tokio::test(start_paused = true)]
async fn max_ends_a_session_that_does_not_end() {
    let flow = cold("    -1-2-3-4-5--------|").session(GAP).max(2).map(text);
    assert_marbles(flow, "---{12}---{34}-----{5}----|").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_drops_the_session_and_counts_it() {
    let flow = cold("-1-2-#").session(GAP);
    let mut plan = flow.plan();
    assert_marbles(flow.map(text), "-----#").await;
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!(counts.to_string(), "in 2, out 0, dropped 2 (failed), in flight 0");
}

#[tokio::test(start_paused = true)]
async fn a_gap_that_ended_before_a_late_poll_separates() {
    let mut flow = cold("-1--------2-----|").session(GAP).map(text);
    assert!(poll(&mut flow, 8, false).0.is_empty());
    advance(Duration::from_millis(1)).await;
    assert!(poll(&mut flow, 8, false).0.is_empty());
    advance(Duration::from_millis(11)).await;
    assert_eq!(poll(&mut flow, 8, false).0, ["1"]);
    advance(Duration::from_millis(4)).await;
    assert_eq!(poll(&mut flow, 8, false).0, ["2"]);
}

#[tokio::test(start_paused = true)]
async fn dropping_it_counts_the_session_as_cancelled() {
    let mut flow = cold("(12)---").session(GAP);
    let mut plan = flow.plan();
    assert!(poll(&mut flow, 8, false).0.is_empty());
    drop(flow);
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!(counts.to_string(), "in 2, out 0, dropped 2 (cancelled), in flight 0");
}

#[test]
#[should_panic(expected = "a session of 0 items never comes")]
fn of_no_items_is_refused_at_the_call() {
    let _ = cold("-a|").session(GAP).max(0);
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.session(GAP)).check().await;
    Conform::new(|source| source.session(GAP).max(7)).check().await;
}
