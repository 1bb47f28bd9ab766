use std::time::Duration;

use thalweg_operators::testing::{Conform, Script, assert_marbles, captured, cold, hot, probe};
use tokio::time::sleep;

const LIMIT: Duration = Duration::from_millis(5);

#[tokio::test(start_paused = true)]
async fn after_a_gap_that_is_too_long_the_other_flow_goes_on() {
    let flow = cold("    ---a---b---------c-|").timeout_or_else(LIMIT, || cold("--x-y|"));
    assert_marbles(flow, "---a---b------x-y|").await;
    let flow = cold("    ---------c-|").timeout_or_else(LIMIT, || cold("x--#"));
    assert_marbles(flow, "-----x--#").await;
}

#[tokio::test(start_paused = true)]
async fn the_first_item_may_have_a_limit_of_its_own() {
    let patient = Duration::from_millis(9);
    let flow = cold("--------a------b-|")
        .timeout_or_else(LIMIT, || cold("x|"))
        .first_within(patient);
    assert_marbles(flow, "--------a----x|").await;
    let flow = cold("--a---b-|")
        .timeout_or_else(LIMIT, || cold("x|"))
        .first_within(Duration::from_millis(1));
    assert_marbles(flow, "-x|").await;
}

#[tokio::test(start_paused = true)]
async fn nobody_watches_over_the_other_flow() {
    let flow = cold("-a").timeout_or_else(LIMIT, || cold("----------x|"));
    assert_marbles(flow, "-a--------------x|").await;
}

#[tokio::test(start_paused = true)]
async fn in_time_nothing_changes_also_at_the_very_instant() {
    let flow = cold("-----a----b----|").timeout_or_else(LIMIT, || cold("x|"));
    assert_marbles(flow, "-----a----b----|").await;
    let flow = cold("-a--#").timeout_or_else(LIMIT, || cold("x|"));
    assert_marbles(flow, "-a--#").await;
}

#[tokio::test(start_paused = true)]
async fn the_source_is_dropped_before_the_other_flow_is_made() {
    let (source, log) = probe(Script::Idle(1));
    let (other, other_log) = probe(Script::Items(2));
    let seen = std::sync::Arc::clone(&log);
    let flow = source.timeout_or_else(LIMIT, move || {
        assert!(seen.is_dropped());
        other
    });
    assert_eq!(flow.plan().stages().len(), 2);
    assert_marbles(flow, "0----(01|)").await;
    assert!(other_log.is_dropped());
}

#[tokio::test(start_paused = true)]
async fn the_time_of_the_consumer_does_not_count() {
    let mut flow = hot("----------a---------b--c-|").timeout_or_else(LIMIT, || cold("x|"));
    for (pause, item) in [(9, 'a'), (9, 'b'), (50, 'c')] {
        sleep(Duration::from_millis(pause)).await;
        assert_eq!(flow.next().await, Ok(Some(item)));
    }
    assert_eq!(flow.next().await, Ok(None));
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| {
        let kept = captured();
        source.timeout_or_else(LIMIT, move || kept.with(probe(Script::Items(1)).0))
    })
    .check()
    .await;
    Conform::new(|source| {
        let kept = captured();
        probe(Script::Idle(0))
            .0
            .timeout_or_else(LIMIT, move || kept.with(source))
    })
    .check()
    .await;
}
