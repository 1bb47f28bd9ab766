use thalweg_operators::testing::{Conform, Script, assert_marbles, cold, probe};

#[tokio::test(start_paused = true)]
async fn the_first_items_pass_and_the_end_comes_with_the_last() {
    assert_marbles(cold("-a--b--c--|").take(2), "-a--(b|)").await;
    assert_marbles(cold("-a--|").take(2), "-a--|").await;
}

#[tokio::test(start_paused = true)]
async fn of_none_the_source_is_never_polled() {
    let (source, log) = probe(Script::Endless);
    assert_marbles(source.take(0), "|").await;
    assert_eq!(log.polls(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_source_is_gone_when_the_last_item_comes() {
    let (source, log) = probe(Script::Endless);
    let mut gone = Vec::new();
    source.take(2).for_each(|_| gone.push(log.is_dropped())).await.unwrap();
    assert_eq!(gone, [false, true]);
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    for count in [0, 1, 50] {
        Conform::new(|source| source.take(count)).handles_errors().check().await;
    }
}
