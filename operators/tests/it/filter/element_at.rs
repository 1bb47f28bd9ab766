use thalweg_operators::testing::{Conform, Script, assert_marbles, cold, probe};

#[tokio::test(start_paused = true)]
async fn the_item_at_the_index_comes_with_the_end() {
    assert_marbles(cold("--a--b--c-d---|").element_at(2), "--------(c|)").await;
    assert_marbles(cold("--a--b--c-d---|").element_at(0), "--(a|)").await;
}

#[tokio::test(start_paused = true)]
async fn of_a_flow_that_is_too_short_nothing_comes_and_an_error_passes() {
    assert_marbles(cold("--a--|").element_at(1), "-----|").await;
    assert_marbles(cold("--a--#").element_at(u64::MAX), "-----#").await;
}

#[tokio::test]
async fn the_source_is_gone_when_the_item_comes() {
    let (source, log) = probe(Script::Endless);
    let mut gone = Vec::new();
    source.element_at(3).for_each(|n| gone.push((n, log.is_dropped()))).await.unwrap();
    assert_eq!(gone, [(3, true)]);
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    for index in [0, 50] {
        Conform::new(|source| source.element_at(index)).handles_errors().check().await;
    }
    Conform::new(|source| source.element_at(u64::MAX)).check().await;
}
