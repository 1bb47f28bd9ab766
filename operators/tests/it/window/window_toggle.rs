use thalweg_operators::{
    testing::{Conform, Script, assert_marbles, captured, cold, probe},
    transform::UNLIMITED,
};

use crate::windows::named;

#[tokio::test(start_paused = true)]
async fn a_window_has_what_comes_between_its_opening_and_its_closing() {
    let flow =
        named(cold("--1--2--3--4--|").window_toggle(cold("---x-----y----"), |_| cold("-----c")));
    assert_marbles(flow, "---A-{A2}--aB-{B4}--(b|)").await;
}

#[tokio::test(start_paused = true)]
async fn windows_may_overlap() {
    let flow = named(cold("----1--------2---|").window_toggle(cold("-x-y"), |_| cold("--------c")));
    assert_marbles(flow, "-A-B({A1}{B1})-a-b-----|").await;
}

#[tokio::test(start_paused = true)]
async fn a_closing_that_completes_without_an_item_closes_nothing() {
    let flow = named(cold("--1--2--|").window_toggle(cold("-x|"), |_| cold("--|")));
    assert_marbles(flow, "-A{A1}--{A2}--(a|)").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_of_any_is_the_end_of_all() {
    let error = |source, openings, closing: &'static str| {
        named(cold(source).window_toggle(cold(openings), move |_| cold(closing)))
    };
    assert_marbles(error("--1-#", "-x", "-----"), "-A{A1}-#").await;
    assert_marbles(error("--1--", "-x--#", "-----"), "-A{A1}-#").await;
    assert_marbles(error("--1--", "-x", "---#"), "-A{A1}-#").await;
    assert_marbles(error("--1--", "-x", "#"), "-(A#)").await;
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| {
        let openings = probe(Script::Items(2)).0;
        let kept = captured();
        let closing = move |_: &u32| kept.with(probe(Script::Idle(0)).0);
        let windows = source.window_toggle(openings, closing);
        windows.merge_map(UNLIMITED, |window| window)
    })
    .any_sequence()
    .check()
    .await;
}
