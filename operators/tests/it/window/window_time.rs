use std::time::Duration;

use thalweg_operators::{
    testing::{Conform, Script, assert_marbles, cold, probe},
    transform::UNLIMITED,
};
use tokio::time::advance;

use crate::{poll::poll, windows::named};

const SPAN: Duration = Duration::from_millis(6);

#[tokio::test(start_paused = true)]
async fn a_window_lasts_a_span_and_has_its_beginning_but_not_its_end() {
    let flow = named(cold("--1---2----------------|").window_time(SPAN));
    assert_marbles(flow, "A-{A1}---(Ba{B2})-(Cb)--(Dc)-(d|)").await;
}

#[tokio::test(start_paused = true)]
async fn the_next_opens_when_one_is_full() {
    let flow = named(cold("--1-2----------------|").window_time(SPAN).max(2));
    assert_marbles(flow, "A-{A1}-(B{A2}a)-(Cb)--(Dc)-(d|)").await;
}

#[tokio::test(start_paused = true)]
async fn windows_may_overlap() {
    let (span, period) = (Duration::from_millis(20), Duration::from_millis(10));
    let flow = named(cold("-1---------2-------------3---|").window_time(span).every(period));
    assert_marbles(flow, "A{A1}--------B({A2}{B2})-----(Ca)-({B3}{C3})(bc|)").await;
}

#[tokio::test(start_paused = true)]
async fn items_between_two_windows_are_dropped_and_counted() {
    let period = Duration::from_millis(10);
    let flow = cold("-1---2-----|").window_time(SPAN / 3).every(period);
    let mut plan = flow.plan();
    assert_marbles(named(flow), "A{A1}a-------B(b|)").await;
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!(counts.to_string(), "in 2, out 1, dropped 1 (unmatched), in flight 0");
}

#[tokio::test(start_paused = true)]
async fn an_error_is_the_end_of_both() {
    assert_marbles(named(cold("--1-#").window_time(SPAN)), "A-{A1}-#").await;
    assert_marbles(named(cold("#").window_time(SPAN)), "(A#)").await;
}

#[tokio::test(start_paused = true)]
async fn borders_come_also_while_a_window_holds_back_the_source() {
    let mut flow = probe(Script::Items(4)).0.window_time(SPAN).capacity(3);
    let (mut first, rest) = poll(&mut flow, 64, false);
    assert!(rest.is_pending());
    advance(SPAN).await;
    let (mut second, _) = poll(&mut flow, 64, false);
    assert_eq!(poll(&mut second[0], 64, false).0, [3]);
    assert_eq!(poll(&mut first[0], 64, false).0, [0, 1, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_consumer_that_is_slower_than_the_span_comes_to_the_end() {
    for period in [None, Some(SPAN / 2), Some(SPAN), Some(SPAN * 2)] {
        let mut flow = cold("-1-----------2----------------|").window_time(SPAN);
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
#[should_panic(expected = "a window of no time has no items")]
fn of_no_time_is_refused_at_the_call() {
    let _ = cold("-a|").window_time(Duration::ZERO);
}

#[test]
#[should_panic(expected = "a period of no time has no windows")]
fn every_no_time_is_refused_at_the_call() {
    let _ = cold("-a|").window_time(SPAN).every(Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| {
        let windows = source.window_time(SPAN).max(9);
        windows.merge_map(UNLIMITED, |window| window)
    })
    .interleaves()
    .check()
    .await;
}
