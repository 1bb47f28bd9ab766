use std::time::Duration;

use thalweg_operators::testing::{Conform, assert_marbles, cold};
use tokio::time::advance;

const TIME: Duration = Duration::from_millis(6);

#[tokio::test(start_paused = true)]
async fn items_pass_once_the_time_is_over() {
    assert_marbles(cold("-a--b---c-d|").skip_for(TIME), "--------c-d|").await;
    assert_marbles(cold("-a--|").skip_for(TIME), "----|").await;
    assert_marbles(cold("-a--#").skip_for(TIME), "----#").await;
    assert_marbles(cold("(ab)-|").skip_for(Duration::ZERO), "(ab)-|").await;
}

#[tokio::test(start_paused = true)]
async fn at_one_instant_the_border_goes_before_the_item() {
    assert_marbles(cold("-a----b|").skip_for(TIME), "------b|").await;
}

#[tokio::test(start_paused = true)]
async fn the_time_is_counted_from_the_first_poll() {
    let flow = cold("-a----b|").skip_for(TIME);
    advance(TIME).await;
    assert_marbles(flow, "------b|").await;
}

#[tokio::test(start_paused = true)]
async fn the_longest_time_lets_nothing_pass() {
    assert_marbles(cold("-a----b|").skip_for(Duration::MAX), "-------|").await;
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.skip_for(TIME)).check().await;
    Conform::new(|source| source.skip_for(Duration::ZERO)).check().await;
}
