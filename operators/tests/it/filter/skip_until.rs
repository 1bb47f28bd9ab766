use thalweg_operators::testing::{Conform, Script, assert_marbles, cold, probe};

use crate::poll::poll;

#[tokio::test(start_paused = true)]
async fn items_pass_from_the_first_item_of_the_notifier_on() {
    let flow = cold("    --a--b--c--d|").skip_until(cold("------x-y|"));
    assert_marbles(flow, "--------c--d|").await;
}

#[tokio::test(start_paused = true)]
async fn at_one_instant_the_notifier_goes_first() {
    assert_marbles(cold("--a--b|").skip_until(cold("-----x")), "-----b|").await;
}

#[tokio::test(start_paused = true)]
async fn if_the_notifier_completes_without_an_item_nothing_ever_passes() {
    assert_marbles(cold("--a--b|").skip_until(cold("---|")), "------|").await;
    assert_marbles(cold("--a--b|").skip_until(cold("|")), "------|").await;
    assert_marbles(cold("--a--b|").skip_until(cold("----")), "------|").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_notifier_counts_until_its_first_item() {
    assert_marbles(cold("--a--b|").skip_until(cold("---#")), "---#").await;
    assert_marbles(cold("--a--b|").skip_until(cold("-x-#")), "--a--b|").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_source_is_the_end() {
    assert_marbles(cold("--a-#").skip_until(cold("-----x")), "----#").await;
}

#[tokio::test]
async fn either_is_dropped_when_it_is_of_no_use() {
    let (source, source_log) = probe(Script::Endless);
    let (notifier, notifier_log) = probe(Script::Items(2));
    let mut flow = source.skip_until(notifier);
    assert_eq!(flow.next().await, Ok(Some(0)));
    assert!(notifier_log.is_dropped() && !source_log.is_dropped());

    let (notifier, notifier_log) = probe(Script::Idle(0));
    let mut flow = probe(Script::Items(3)).0.skip_until(notifier);
    assert_eq!(flow.next().await, Ok(None));
    assert!(notifier_log.is_dropped());

    let (source, source_log) = probe(Script::Idle(0));
    let mut flow = source.skip_until(probe(Script::Failing(0)).0);
    assert!(flow.next().await.is_err());
    assert!(source_log.is_dropped());
}

#[tokio::test]
async fn a_notifier_that_is_busy_without_an_item_does_not_starve_the_source() {
    let (source, log) = probe(Script::Endless);
    let mut flow = source.skip_until(probe(Script::Endless).0.filter(|_| false));
    assert!(poll(&mut flow, 64, false).0.is_empty());
    assert_eq!(log.produced(), 32);
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.skip_until(probe(Script::Items(1)).0)).check().await;
    Conform::new(|source| source.skip_until(probe(Script::Items(0)).0)).check().await;
    Conform::new(|source| source.skip_until(probe(Script::Idle(0)).0)).check().await;
    // The source as the notifier, without an item and with one.
    Conform::new(|source| probe(Script::Idle(30)).0.take(30).skip_until(source.filter(|_| false)))
        .handles_errors()
        .any_sequence()
        .check()
        .await;
    Conform::new(|source| probe(Script::Items(30)).0.skip_until(source.skip(20)))
        .handles_errors()
        .any_sequence()
        .check()
        .await;
}
