use thalweg_operators::testing::{Conform, Script, assert_marbles, captured, numbers, probe};

#[tokio::test(start_paused = true)]
async fn the_index_of_the_first_match_comes_with_the_end() {
    assert_marbles(numbers("-5-7-8-8|").find_index(|n| n % 2 == 0), "-----(2|)").await;
    assert_marbles(numbers("-8-7|").find_index(|n| n % 2 == 0), "-(0|)").await;
}

#[tokio::test(start_paused = true)]
async fn if_there_is_none_nothing_comes_and_an_error_passes() {
    assert_marbles(numbers("-1-3|").find_index(|n| n % 2 == 0), "----|").await;
    assert_marbles(numbers("-1-3#").find_index(|n| n % 2 == 0), "----#").await;
}

#[tokio::test]
async fn the_source_is_gone_when_the_index_comes() {
    let (source, log) = probe(Script::Endless);
    let mut gone = Vec::new();
    let flow = source.find_index(|n| *n == 2);
    flow.for_each(|index| gone.push((index, log.is_dropped())))
        .await
        .unwrap();
    assert_eq!(gone, [(2, true)]);
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| {
        let kept = captured();
        source.find_index(move |n| kept.with(*n == 50))
    })
    .handles_errors()
    .check()
    .await;
    Conform::new(|source| {
        let kept = captured();
        source.find_index(move |_| kept.with(false))
    })
    .check()
    .await;
}
