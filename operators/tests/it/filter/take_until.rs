use std::{future::poll_fn, ops::ControlFlow, pin::pin, task::Poll};

use thalweg_core::{Cx, Observable};
use thalweg_operators::testing::{Conform, Script, assert_marbles, cold, probe};

#[tokio::test(start_paused = true)]
async fn the_first_item_of_the_notifier_is_the_end() {
    let flow = cold("    --a--b--c--|").take_until(cold("------x-y|"));
    assert_marbles(flow, "--a--b|").await;
}

#[tokio::test(start_paused = true)]
async fn at_one_instant_the_end_goes_before_the_item() {
    assert_marbles(cold("--a--b|").take_until(cold("-----x")), "--a--|").await;
}

#[tokio::test(start_paused = true)]
async fn a_notifier_that_completes_or_never_has_an_item_ends_nothing() {
    assert_marbles(cold("--a--b|").take_until(cold("---|")), "--a--b|").await;
    assert_marbles(cold("--a--b|").take_until(cold("----")), "--a--b|").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_of_either_is_the_end() {
    assert_marbles(cold("--a--b|").take_until(cold("---#")), "--a#").await;
    assert_marbles(cold("--a-#").take_until(cold("-----x")), "--a-#").await;
}

#[tokio::test(start_paused = true)]
async fn a_notifier_with_an_item_at_the_start_leaves_the_source_alone() {
    let (source, log) = probe(Script::Endless);
    assert_marbles(source.take_until(cold("x")), "|").await;
    assert_eq!(log.polls(), 0);
    assert!(log.is_dropped());
}

#[tokio::test]
async fn either_is_dropped_at_the_end_of_the_other() {
    let (source, source_log) = probe(Script::Endless);
    let (notifier, notifier_log) = probe(Script::Items(1));
    let mut flow = source.take_until(notifier);
    assert_eq!(flow.next().await, Ok(None));
    assert!(source_log.is_dropped() && notifier_log.is_dropped());

    let (notifier, notifier_log) = probe(Script::Idle(0));
    let mut flow = probe(Script::Items(0)).0.take_until(notifier);
    assert_eq!(flow.next().await, Ok(None));
    assert!(notifier_log.is_dropped());
}

#[tokio::test]
async fn a_notifier_that_is_busy_without_an_item_does_not_starve_the_source() {
    let notifier = probe(Script::Endless).0.filter(|_| false);
    let mut flow = pin!(probe(Script::Endless).0.take_until(notifier));
    let mut items = 0;
    poll_fn(|task| {
        let mut cx = Cx::new(task).with_budget(64);
        let _ = flow.as_mut().poll_drain(&mut cx, |_| {
            items += 1;
            ControlFlow::Continue(())
        });
        Poll::Ready(())
    })
    .await;
    assert_eq!(items, 32);
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.take_until(probe(Script::Idle(0)).0)).check().await;
    Conform::new(|source| source.take_until(probe(Script::Items(0)).0)).check().await;
    // The source as the notifier, without an item and with one.
    Conform::new(|source| probe(Script::Items(30)).0.take_until(source.filter(|_| false)))
        .handles_errors()
        .check()
        .await;
    Conform::new(|source| probe(Script::Endless).0.take_until(source.skip(20)))
        .handles_errors()
        .any_sequence()
        .check()
        .await;
}
