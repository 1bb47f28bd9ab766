use thalweg_operators::{
    testing::{Conform, Script, assert_marbles, captured, cold, probe},
    transform::UNLIMITED,
};

use crate::{poll::poll, windows::named};

#[tokio::test(start_paused = true)]
async fn a_window_lasts_until_its_closing_has_an_item() {
    let mut closings = ["------c--d", "-------"].into_iter();
    let flow = named(cold("--1--2-------3--|").window_when(move || cold(closings.next().unwrap())));
    assert_marbles(flow, "A-{A1}--{A2}(Ba)---{B3}--(b|)").await;
}

#[tokio::test(start_paused = true)]
async fn a_closing_that_completes_closes_as_well() {
    let mut closings = ["---|", "-------"].into_iter();
    let flow = named(cold("--1-------2--|").window_when(move || cold(closings.next().unwrap())));
    assert_marbles(flow, "A-{A1}(Ba)---{B2}--(b|)").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_of_either_is_the_end_of_both() {
    assert_marbles(
        named(cold("--1-#").window_when(|| cold("-----"))),
        "A-{A1}-#",
    )
    .await;
    assert_marbles(
        named(cold("--1--").window_when(|| cold("----#"))),
        "A-{A1}-#",
    )
    .await;
    assert_marbles(named(cold("--1--").window_when(|| cold("#"))), "(A#)").await;
}

#[tokio::test(start_paused = true)]
async fn closings_that_are_empty_leave_the_source_its_turn() {
    let windows = probe(Script::Items(100))
        .0
        .window_when(|| probe(Script::Items(0)).0);
    assert_eq!(
        windows.merge_map(UNLIMITED, |window| window).count().await,
        Ok(100)
    );
}

#[tokio::test(start_paused = true)]
async fn a_closing_that_is_asked_to_stop_closes_nothing_by_itself() {
    let (closing, log) = probe(Script::Idle(0));
    let mut closings = [closing].into_iter();
    let mut flow = probe(Script::Idle(2))
        .0
        .window_when(move || closings.next().unwrap());
    let mut windows = poll(&mut flow, 8, false).0;
    let (more, _) = poll(&mut flow, 8, true);
    assert!(more.is_empty() && log.saw_stop());
    assert_eq!(poll(&mut windows[0], 8, true).0, [0, 1]);
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| {
        let kept = captured();
        let windows = source.window_when(move || kept.with(cold("--c")));
        windows.merge_map(UNLIMITED, |window| window)
    })
    .check()
    .await;
}
