use std::time::Duration;

use thalweg::sources::{interval, interval_now};

use crate::contract::assert_conforms;

#[tokio::test(start_paused = true)]
async fn it_conforms() {
    let period = Duration::from_millis(3);
    assert_conforms(|_| interval(period).map(|tick| tick.missed)).await;
    assert_conforms(|_| interval_now(period).map(|tick| tick.missed)).await;
}
