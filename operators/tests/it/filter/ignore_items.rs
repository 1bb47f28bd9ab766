use thalweg_operators::testing::{Conform, assert_marbles, cold};

#[tokio::test(start_paused = true)]
async fn only_the_end_comes() {
    assert_marbles(cold("--a--b--|").ignore_items(), "--------|").await;
    assert_marbles(cold("--a--b--#").ignore_items(), "--------#").await;
    assert_marbles(cold("--a--b---").ignore_items(), "---------").await;
}

#[tokio::test(start_paused = true)]
async fn the_items_are_pulled() {
    let mut seen = String::new();
    let flow = cold("-a-b|").inspect(|letter| seen.push(*letter)).ignore_items();
    assert_eq!(flow.count().await, Ok(0));
    assert_eq!(seen, "ab");
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.ignore_items()).check().await;
}
