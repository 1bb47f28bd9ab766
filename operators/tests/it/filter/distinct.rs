use thalweg_core::Holds;
use thalweg_operators::{
    testing::{Broken, Conform, Script, assert_marbles, captured, cold, numbers, probe},
    transform::UNLIMITED,
};

use crate::poll::poll;

#[tokio::test(start_paused = true)]
async fn an_item_that_came_before_is_dropped() {
    let flow = cold("    -a-b-a-c-b-|").distinct(8);
    assert_marbles(flow, "-a-b---c---|").await;
    let flow = cold("    -a-b-a-c-b-|").distinct(UNLIMITED);
    assert_marbles(flow, "-a-b---c---|").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_passes() {
    assert_marbles(cold("-a-a-#").distinct(8), "-a---#").await;
}

#[tokio::test(start_paused = true)]
async fn a_full_memory_forgets_what_passed_first() {
    // `c` takes the place of `a`, which passes again and takes that of `b`.
    let flow = cold("    -a-b-a-c-a-c-b|").distinct(2);
    assert_marbles(flow, "-a-b---c-a---b|").await;
    let flow = cold("    -a-a-b-a|").distinct(1);
    assert_marbles(flow, "-a---b-a|").await;
}

#[tokio::test(start_paused = true)]
async fn keys_are_compared_if_told() {
    let flow = numbers(" -1-2-4-3-5-|").distinct_by_key(8, |n| n % 3);
    assert_marbles(flow, "-1-2---3---|").await;
}

#[tokio::test(start_paused = true)]
async fn an_item_of_the_notifier_forgets_all() {
    let flow = cold("    -a-b-a--a-b-a-|")
        .distinct(8)
        .flush_on(cold("------x-------y"));
    assert_marbles(flow, "-a-b----a-b---|").await;
    let flow = numbers(" -1-2---1-2|")
        .distinct_by_key(8, |n| n % 3)
        .flush_on(cold("------x"));
    assert_marbles(flow, "-1-2---1-2|").await;
}

#[tokio::test(start_paused = true)]
async fn at_one_instant_the_notifier_goes_first() {
    assert_marbles(
        cold("-a--a--|").distinct(8).flush_on(cold("----x")),
        "-a--a--|",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_notifier_that_completes_changes_nothing_and_its_error_is_the_end() {
    assert_marbles(
        cold("-a--a--b|").distinct(8).flush_on(cold("--|")),
        "-a-----b|",
    )
    .await;
    assert_marbles(
        cold("-a--a--b|").distinct(8).flush_on(cold("-----#")),
        "-a---#",
    )
    .await;
}

#[tokio::test]
async fn either_is_dropped_at_the_end_of_the_other() {
    let (notifier, log) = probe(Script::Idle(0));
    let mut flow = probe(Script::Items(0)).0.distinct(8).flush_on(notifier);
    assert_eq!(flow.next().await, Ok(None));
    assert!(log.is_dropped());

    let (source, log) = probe(Script::Idle(0));
    let mut flow = source.distinct(8).flush_on(probe(Script::Failing(0)).0);
    assert_eq!(flow.next().await, Err(Broken));
    assert!(log.is_dropped());
}

#[tokio::test]
async fn a_notifier_that_is_always_busy_does_not_starve_the_source() {
    let mut flow = probe(Script::Endless)
        .0
        .distinct(8)
        .flush_on(probe(Script::Endless).0);
    assert_eq!(poll(&mut flow, 64, false).0.len(), 32);
}

#[test]
fn the_plan_tells_the_size_of_the_memory() {
    assert_eq!(cold("|").distinct(8).plan().bound(), Some(8));
    assert_eq!(cold("|").distinct_by_key(9, |_| 0).plan().bound(), Some(9));
    assert_eq!(
        cold("|").distinct(UNLIMITED).plan().stages()[0].holds(),
        Holds::Unbounded
    );
}

#[test]
#[should_panic(expected = "distinct with a memory of 0 drops nothing")]
fn no_memory_is_refused_at_the_call() {
    let _ = cold("|").distinct(0);
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.map(|n| n % 30).distinct(UNLIMITED))
        .check()
        .await;
    Conform::new(|source| source.map(|n| n % 30).distinct(3))
        .check()
        .await;
    Conform::new(|source| {
        let kept = captured();
        source.distinct_by_key(8, move |n| kept.with(n / 3))
    })
    .check()
    .await;
    Conform::new(|source| source.distinct(8).flush_on(probe(Script::Idle(0)).0))
        .check()
        .await;
    Conform::new(|source| source.distinct(8).flush_on(probe(Script::Items(1)).0))
        .check()
        .await;
    // The source as the notifier.
    Conform::new(|source| {
        probe(Script::Idle(30))
            .0
            .take(30)
            .distinct(8)
            .flush_on(source)
    })
    .handles_errors()
    .interleaves()
    .check()
    .await;
}
