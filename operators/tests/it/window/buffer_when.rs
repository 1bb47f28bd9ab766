use thalweg_operators::testing::{Conform, Script, assert_marbles, captured, cold, probe};

use crate::{poll::poll, windows::text};

#[tokio::test(start_paused = true)]
async fn a_vector_lasts_until_its_closing_has_an_item() {
    let flow = cold("    --1--2-----3--|")
        .buffer_when(|| cold("------c--d"))
        .map(text);
    assert_marbles(flow, "------{12}-----{3}-({[]}|)").await;
}

#[tokio::test(start_paused = true)]
async fn an_item_that_comes_with_a_border_is_behind_it() {
    let mut closings = ["--c", "----c", "------"].into_iter();
    let flow = cold("    --1---2-|")
        .buffer_when(move || cold(closings.next().unwrap()))
        .map(text);
    assert_marbles(flow, "--{[]}---{1}-({2}|)").await;
}

#[tokio::test(start_paused = true)]
async fn a_closing_that_completes_without_an_item_ends_nothing() {
    let flow = cold("    --1--2--|").buffer_when(|| cold("---|")).map(text);
    assert_marbles(flow, "--------({12}|)").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_of_either_is_the_end() {
    let mut closings = ["---c", "---#"].into_iter();
    let flow = cold("    --1--2--|")
        .buffer_when(move || cold(closings.next().unwrap()))
        .map(text);
    assert_marbles(flow, "---{1}--#").await;
    assert_marbles(
        cold("-1-2-#").buffer_when(|| cold("---c")).map(text),
        "---{1}-#",
    )
    .await;
    assert_marbles(cold("-1-2-|").buffer_when(|| cold("#")).map(text), "#").await;
}

#[tokio::test(start_paused = true)]
async fn closings_that_are_there_at_once_leave_the_source_its_turn() {
    let flow = probe(Script::Items(2000))
        .0
        .buffer_when(|| probe(Script::Items(1)).0);
    let items = flow
        .map(|items| items.len())
        .fold(0, |sum, items| sum + items)
        .await;
    assert_eq!(items, Ok(2000));
}

#[tokio::test(start_paused = true)]
async fn a_stop_reaches_the_closing() {
    let (closing, log) = probe(Script::Idle(0));
    let mut closings = [closing].into_iter();
    let mut flow = probe(Script::Idle(2))
        .0
        .buffer_when(move || closings.next().unwrap());
    assert!(poll(&mut flow, 8, false).0.is_empty());
    assert_eq!(poll(&mut flow, 8, true).0, [[0, 1]]);
    assert!(log.saw_stop() && log.is_dropped());
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| {
        let kept = captured();
        source.buffer_when(move || kept.with(cold("--c")))
    })
    .check()
    .await;
    Conform::new(|source| source.buffer_when(|| probe(Script::Idle(0)).0))
        .check()
        .await;
    Conform::new(|source| {
        let kept = captured();
        source.buffer_when(move || kept.with(probe(Script::Items(1)).0))
    })
    .any_sequence()
    .check()
    .await;
}
