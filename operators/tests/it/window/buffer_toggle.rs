use thalweg_operators::Flow;
use thalweg_operators::testing::{Conform, Marbles, Script, assert_marbles, captured, cold, probe};

use crate::windows::text;

fn after(frames: usize) -> Flow<Marbles> {
    cold(&format!("{}c", "-".repeat(frames)))
}

#[tokio::test(start_paused = true)]
async fn a_vector_has_what_comes_between_its_opening_and_its_closing() {
    let flow = cold("    --1--2--3--4--|")
        .buffer_toggle(cold("---x-----y-----"), |_| after(5))
        .map(text);
    assert_marbles(flow, "--------{2}-----({4}|)").await;
}

#[tokio::test(start_paused = true)]
async fn vectors_may_overlap_and_close_in_any_order() {
    let closing = |opening: &char| after(if *opening == 'x' { 9 } else { 2 });
    let flow = cold("    ---1--2--3--4-|")
        .buffer_toggle(cold("-x-y"), closing)
        .map(text);
    assert_marbles(flow, "-----{1}----{123}---|").await;
}

#[tokio::test(start_paused = true)]
async fn what_is_open_at_the_end_comes_then_the_oldest_first() {
    let flow = cold("    --1--2--|")
        .buffer_toggle(cold("-x-y|"), |_| cold("--|"))
        .map(text);
    assert_marbles(flow, "--------({12}{2}|)").await;
}

#[tokio::test(start_paused = true)]
async fn an_item_that_comes_with_a_border_is_behind_it() {
    let flow = cold("    -1-2-3-|")
        .buffer_toggle(cold("-x"), |_| after(4))
        .map(text);
    assert_marbles(flow, "-----{12}-|").await;
}

#[tokio::test(start_paused = true)]
async fn an_opening_whose_closing_is_there_gives_an_empty_vector() {
    let flow = cold("    -----1-|")
        .buffer_toggle(cold("--x-y"), |_| after(0))
        .map(text);
    assert_marbles(flow, "--{[]}-{[]}--|").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_of_any_is_the_end_and_what_nobody_wanted_is_counted() {
    let cases = [
        ("-1-2-3#", "--x----", "-----"),
        ("-1-2-3-", "--x---#", "-----"),
        ("-1-2-3-", "--x----", "----#"),
    ];
    for (source, openings, closing) in cases {
        let flow = cold(source).buffer_toggle(cold(openings), |_| cold(closing));
        let mut plan = flow.plan();
        assert_marbles(flow.map(text), "------#").await;
        plan.refresh();
        let counts = plan.stages()[0].counts().unwrap();
        let told = "in 3, out 0, dropped 2 (failed), dropped 1 (unmatched), in flight 0";
        assert_eq!(counts.to_string(), told);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_reaches_the_openings_and_every_closing() {
    let (openings, opening_log) = probe(Script::Idle(2));
    let logs = [probe(Script::Idle(0)), probe(Script::Idle(0))];
    let watched = [logs[0].1.clone(), logs[1].1.clone()];
    let mut closings = logs.map(|(closing, _)| closing).into_iter();
    let mut flow = probe(Script::Idle(1))
        .0
        .buffer_toggle(openings, move |_| closings.next().unwrap());
    assert!(crate::poll::poll(&mut flow, 8, false).0.is_empty());
    assert_eq!(crate::poll::poll(&mut flow, 8, true).0, [vec![0], vec![0]]);
    assert!(opening_log.saw_stop());
    assert!(watched.iter().all(|log| log.saw_stop() && log.is_dropped()));
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    let never = |_: &u32| probe(Script::Idle(0)).0;
    Conform::new(|source| source.buffer_toggle(probe(Script::Items(2)).0, never))
        .interleaves()
        .check()
        .await;
    Conform::new(|source| {
        let kept = captured();
        source.buffer_toggle(probe(Script::Items(3)).0, move |_| kept.with(cold("---c")))
    })
    .interleaves()
    .check()
    .await;
    // As openings; the source ends before they do.
    Conform::new(|source| {
        let kept = captured();
        probe(Script::Items(3))
            .0
            .buffer_toggle(source, move |_| kept.with(cold("c")))
    })
    .any_sequence()
    .handles_errors()
    .check()
    .await;
}
