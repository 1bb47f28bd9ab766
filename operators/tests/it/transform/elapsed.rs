use thalweg_operators::testing::{Conform, assert_marbles, cold};
use tokio::time::{Duration, advance};

#[tokio::test(start_paused = true)]
async fn items_have_the_time_since_the_one_before() {
    let flow = cold("--a--(bc)-|")
        .elapsed()
        .map(|elapsed| format!("{}{}", elapsed.item, elapsed.since.as_millis()));
    assert_marbles(flow, "--{a2}--({b3}{c0})-|").await;
    assert_marbles(cold("-a#").elapsed().map(|elapsed| elapsed.item), "-a#").await;
}

#[tokio::test(start_paused = true)]
async fn the_first_is_measured_from_the_first_poll() {
    let mut flow = cold("---a|").elapsed();
    advance(Duration::from_millis(10)).await;
    let first = flow.next().await.unwrap().unwrap();
    assert_eq!(first.since, Duration::from_millis(3));
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.elapsed()).check().await;
}
