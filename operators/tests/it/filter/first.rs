use thalweg_operators::testing::{Conform, Script, assert_marbles, cold, probe};

#[tokio::test(start_paused = true)]
async fn the_first_item_comes_with_the_end() {
    assert_marbles(cold("--a--b--|").first(), "--(a|)").await;
    assert_marbles(cold("--(ab)--|").first(), "--(a|)").await;
}

#[tokio::test(start_paused = true)]
async fn of_an_empty_flow_nothing_comes_and_an_error_passes() {
    assert_marbles(cold("----|").first(), "----|").await;
    assert_marbles(cold("----#").first(), "----#").await;
    assert_marbles(cold("-----").first(), "-----").await;
}

#[tokio::test]
async fn the_source_is_gone_when_the_item_comes() {
    let (source, log) = probe(Script::Endless);
    let mut gone = Vec::new();
    source.first().for_each(|_| gone.push(log.is_dropped())).await.unwrap();
    assert_eq!(gone, [true]);
    assert_eq!(log.produced(), 1);
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.first()).handles_errors().check().await;
    Conform::new(|source| source.filter(|_| false).first()).check().await;
}
