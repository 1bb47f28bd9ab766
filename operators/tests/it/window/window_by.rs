use thalweg_operators::{
    testing::{Conform, Script, assert_marbles, cold, probe},
    transform::UNLIMITED,
};

use crate::windows::named;

#[tokio::test(start_paused = true)]
async fn every_item_of_the_notifier_closes_a_window_and_opens_the_next() {
    let flow = named(cold("--1--2-----3-------|").window_by(cold("-------x")));
    assert_marbles(flow, "A-{A1}--{A2}-(Ba){B3}-------(b|)").await;
}

#[tokio::test(start_paused = true)]
async fn an_item_that_comes_with_a_border_is_behind_it() {
    let flow = named(cold("--1-----|").window_by(cold("--x")));
    assert_marbles(flow, "A-(Ba{B1})-(b|)").await;
    assert_marbles(named(cold("--|").window_by(cold("--x"))), "A-(Bab|)").await;
}

#[tokio::test(start_paused = true)]
async fn a_notifier_that_completes_makes_no_borders() {
    assert_marbles(named(cold("--1--|").window_by(cold("-|"))), "A-{A1}--(a|)").await;
    assert_marbles(named(cold("|").window_by(cold("|"))), "(Aa|)").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_of_either_is_the_end_of_both() {
    assert_marbles(named(cold("--1-#").window_by(cold("-----x"))), "A-{A1}-#").await;
    assert_marbles(named(cold("--1--|").window_by(cold("----#"))), "A-{A1}-#").await;
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| {
        let windows = source.window_by(probe(Script::Idle(0)).0);
        windows.merge_map(UNLIMITED, |window| window)
    })
    .check()
    .await;
    Conform::new(|source| {
        let windows = source.window_by(probe(Script::Items(7)).0);
        windows.merge_map(UNLIMITED, |window| window)
    })
    .any_sequence()
    .check()
    .await;
}
