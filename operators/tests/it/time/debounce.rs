use std::time::Duration;

use thalweg_operators::testing::{Conform, assert_marbles, cold};
use tokio::time::advance;

use crate::poll::poll;

const QUIET: Duration = Duration::from_millis(4);

#[tokio::test(start_paused = true)]
async fn the_last_item_of_a_burst_comes_when_it_is_quiet() {
    let flow = cold("    -a-b-c-------d-----|").debounce(QUIET);
    assert_marbles(flow, "---------c-------d-|").await;
}

#[tokio::test(start_paused = true)]
async fn an_item_at_the_end_of_the_quiet_takes_the_place_of_the_other() {
    assert_marbles(cold("-a---b------|").debounce(QUIET), "---------b--|").await;
}

#[tokio::test(start_paused = true)]
async fn completion_hands_on_what_waits_and_an_error_drops_it() {
    assert_marbles(cold("-a-|").debounce(QUIET), "---(a|)").await;
    assert_marbles(cold("-a-#").debounce(QUIET), "---#").await;
}

#[tokio::test(start_paused = true)]
async fn max_wait_bounds_a_burst_without_end() {
    let flow = cold("    -a-b-c-d-e-f-g|").debounce(QUIET).max_wait(Duration::from_millis(6));
    assert_marbles(flow, "-------d------(g|)").await;
}

#[tokio::test(start_paused = true)]
async fn what_is_dropped_is_counted() {
    let flow = cold("-a-b-c-------d-#").debounce(QUIET);
    let mut plan = flow.plan();
    assert_marbles(flow, "---------c-----#").await;
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!(counts.to_string(), "in 4, out 1, dropped 2 (superseded), dropped 1 (failed), in flight 0");
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.debounce(QUIET)).check().await;
}

#[tokio::test(start_paused = true)]
async fn an_item_whose_quiet_ended_before_a_late_poll_is_not_superseded() {
    let mut flow = cold("-a--------b-----|").debounce(QUIET);
    assert_eq!(poll(&mut flow, 8, false).0, []);
    advance(Duration::from_millis(1)).await;
    assert_eq!(poll(&mut flow, 8, false).0, []);
    // The consumer is busy until 12: by then `a` has been quiet for long, and `b` is there.
    advance(Duration::from_millis(11)).await;
    assert_eq!(poll(&mut flow, 8, false).0, ['a']);
    advance(Duration::from_millis(4)).await;
    assert_eq!(poll(&mut flow, 8, false).0, ['b']);
}
