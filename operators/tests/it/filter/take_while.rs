use thalweg_operators::testing::{Conform, Script, assert_marbles, captured, numbers, probe};

#[tokio::test(start_paused = true)]
async fn items_pass_until_one_fails_the_predicate() {
    let flow = numbers(" -1-2-3-1|").take_while(|n| *n < 3);
    assert_marbles(flow, "-1-2-|").await;
    assert_marbles(numbers("-1-2|").take_while(|_| true), "-1-2|").await;
    assert_marbles(numbers("-1-2|").take_while(|_| false), "-|").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_passes() {
    assert_marbles(numbers("-1-#").take_while(|_| true), "-1-#").await;
}

#[tokio::test]
async fn the_source_is_dropped_at_the_end() {
    let (source, log) = probe(Script::Endless);
    let mut flow = source.take_while(|n| *n < 1);
    assert_eq!(flow.next().await, Ok(Some(0)));
    assert!(!log.is_dropped());
    assert_eq!(flow.next().await, Ok(None));
    assert!(log.is_dropped());
    assert_eq!(log.produced(), 2);
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| {
        let kept = captured();
        source.take_while(move |_| kept.with(true))
    })
    .check()
    .await;
    Conform::new(|source| {
        let kept = captured();
        source.take_while(move |n| kept.with(*n < 50))
    })
    .handles_errors()
    .check()
    .await;
    Conform::new(|source| source.take_while(|_| false))
        .handles_errors()
        .check()
        .await;
}
