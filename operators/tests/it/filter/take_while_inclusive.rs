use thalweg_operators::testing::{Conform, Script, assert_marbles, captured, numbers, probe};

#[tokio::test(start_paused = true)]
async fn the_item_that_fails_the_predicate_is_the_last() {
    let flow = numbers(" -1-2-3-1|").take_while_inclusive(|n| *n < 3);
    assert_marbles(flow, "-1-2-(3|)").await;
    assert_marbles(numbers("-1-2|").take_while_inclusive(|_| true), "-1-2|").await;
    assert_marbles(numbers("-1-2|").take_while_inclusive(|_| false), "-(1|)").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_passes() {
    assert_marbles(numbers("-1-#").take_while_inclusive(|_| true), "-1-#").await;
}

#[tokio::test]
async fn the_source_is_gone_when_the_last_item_comes() {
    let (source, log) = probe(Script::Endless);
    let mut gone = Vec::new();
    let flow = source.take_while_inclusive(|n| *n < 1);
    flow.for_each(|_| gone.push(log.is_dropped()))
        .await
        .unwrap();
    assert_eq!(gone, [false, true]);
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| {
        let kept = captured();
        source.take_while_inclusive(move |_| kept.with(true))
    })
    .check()
    .await;
    Conform::new(|source| {
        let kept = captured();
        source.take_while_inclusive(move |n| kept.with(*n < 50))
    })
    .handles_errors()
    .check()
    .await;
    Conform::new(|source| source.take_while_inclusive(|_| false))
        .handles_errors()
        .check()
        .await;
}
