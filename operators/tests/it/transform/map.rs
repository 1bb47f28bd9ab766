use thalweg_operators::testing::{Conform, assert_marbles, captured, cold, numbers};

#[tokio::test(start_paused = true)]
async fn every_item_is_made_into_another_in_its_frame() {
    let flow = numbers("-1--2-3|").map(|n| n * 2);
    assert_marbles(flow, "-2--4-6|").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_passes() {
    let flow = cold("-a-#").map(|letter| letter.to_ascii_uppercase());
    assert_marbles(flow, "-A-#").await;
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| {
        let kept = captured();
        source.map(move |n| kept.with(n + 1))
    })
    .check()
    .await;
}
