use std::sync::Arc;

use thalweg_operators::testing::{Conform, Script, assert_marbles, captured, numbers, probe};

#[tokio::test(start_paused = true)]
async fn the_first_item_that_the_predicate_holds_for_comes_with_the_end() {
    assert_marbles(numbers("-1-2-3-4|").find(|n| n % 2 == 0), "---(2|)").await;
}

#[tokio::test(start_paused = true)]
async fn if_there_is_none_nothing_comes_and_an_error_passes() {
    assert_marbles(numbers("-1-3|").find(|n| n % 2 == 0), "----|").await;
    assert_marbles(numbers("-1-3#").find(|n| n % 2 == 0), "----#").await;
}

#[tokio::test]
async fn source_and_predicate_are_gone_when_the_item_comes() {
    let (source, log) = probe(Script::Endless);
    let held = Arc::new(3);
    let wanted = Arc::clone(&held);
    let flow = source.find(move |n| *n == *wanted);
    let mut gone = Vec::new();
    flow.for_each(|n| gone.push((n, log.is_dropped(), Arc::strong_count(&held))))
        .await
        .unwrap();
    assert_eq!(gone, [(3, true, 1)]);
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| {
        let kept = captured();
        source.find(move |n| kept.with(*n == 50))
    })
    .handles_errors()
    .check()
    .await;
    Conform::new(|source| {
        let kept = captured();
        source.find(move |_| kept.with(false))
    })
    .check()
    .await;
}
