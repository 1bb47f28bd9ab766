use thalweg_operators::testing::{Conform, assert_marbles, cold};

#[tokio::test(start_paused = true)]
async fn items_are_numbered_from_0() {
    let flow = cold("-a--(bc)-|").enumerate().map(|(number, letter)| format!("{letter}{number}"));
    assert_marbles(flow, "-{a0}--({b1}{c2})-|").await;
    assert_marbles(cold("-a#").enumerate().map(|(number, _)| number), "-0#").await;
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.enumerate()).check().await;
}
