use thalweg_operators::testing::{Conform, assert_marbles, captured, cold};

#[tokio::test(start_paused = true)]
async fn every_item_is_seen_and_passes() {
    let mut seen = String::new();
    assert_marbles(cold("-a-b|").inspect(|letter| seen.push(*letter)), "-a-b|").await;
    assert_eq!(seen, "ab");
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| {
        let kept = captured();
        source.inspect(move |_| kept.with(()))
    })
    .check()
    .await;
}
