use thalweg_operators::testing::{Conform, Script, assert_marbles, cold, probe};

use crate::{poll::poll, windows::text};

#[tokio::test(start_paused = true)]
async fn every_item_of_the_notifier_is_a_border() {
    let flow = cold("    --1--2------3--|").buffer_by(cold("------x---x--")).map(text);
    assert_marbles(flow, "------{12}---{[]}----({3}|)").await;
}

#[tokio::test(start_paused = true)]
async fn an_item_that_comes_with_a_border_is_behind_it() {
    let flow = cold("    --1--2--|").buffer_by(cold("-----x")).map(text);
    assert_marbles(flow, "-----{1}--({2}|)").await;
    let flow = cold("    --1--|").buffer_by(cold("-----x")).map(text);
    assert_marbles(flow, "-----({1}{[]}|)").await;
}

#[tokio::test(start_paused = true)]
async fn a_notifier_that_completes_makes_no_borders() {
    let flow = cold("    --1--2--|").buffer_by(cold("---x-|")).map(text);
    assert_marbles(flow, "---{1}----({2}|)").await;
    assert_marbles(cold("|").buffer_by(cold("|")).map(text), "({[]}|)").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_of_either_is_the_end_and_drops_what_has_come() {
    for (source, notifier) in [("-1-2#", "--x--"), ("-1-2-", "--x-#")] {
        let flow = cold(source).buffer_by(cold(notifier));
        let mut plan = flow.plan();
        assert_marbles(flow.map(text), "--{1}-#").await;
        plan.refresh();
        let counts = plan.stages()[0].counts().unwrap();
        assert_eq!(counts.to_string(), "in 2, out 1, dropped 1 (failed), in flight 0");
    }
}

#[tokio::test(start_paused = true)]
async fn a_notifier_that_always_has_an_item_leaves_the_source_its_turn() {
    let (notifier, log) = probe(Script::Endless);
    let flow = probe(Script::Items(2000)).0.buffer_by(notifier);
    let items = flow.map(|items| items.len()).fold(0, |sum, items| sum + items).await;
    assert_eq!(items, Ok(2000));
    assert!(log.is_dropped());
}

#[tokio::test(start_paused = true)]
async fn a_stop_reaches_the_notifier_and_what_has_come_is_handed_on() {
    let (notifier, log) = probe(Script::Idle(0));
    let mut flow = cold("(12)---").buffer_by(notifier).map(text);
    assert!(poll(&mut flow, 8, false).0.is_empty());
    assert_eq!(poll(&mut flow, 8, true).0, ["12"]);
    assert!(log.saw_stop() && log.is_dropped());
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.buffer_by(probe(Script::Idle(0)).0)).check().await;
    Conform::new(|source| source.buffer_by(probe(Script::Items(7)).0)).interleaves().check().await;
    Conform::new(|source| probe(Script::Items(3)).0.buffer_by(source)).any_sequence().handles_errors().check().await;
}
