use std::cell::Cell;

use thalweg::{operators::error::Backoff, sources::fail};
use thalweg_operators::testing::{Broken, assert_marbles};
use tokio::time::Duration;

use crate::contract::assert_conforms;

#[tokio::test(start_paused = true)]
async fn it_fails_at_once() {
    assert_marbles(fail::<char, _>(Broken), "#").await;
}

#[tokio::test(start_paused = true)]
async fn it_conforms() {
    assert_conforms(|_| fail::<u32, _>(Broken)).await;
}

#[tokio::test(start_paused = true)]
async fn every_attempt_fails_with_a_clone_of_the_error() {
    let start = tokio::time::Instant::now();
    let backoff = Backoff::fixed(Duration::from_millis(5)).max_retries(3);
    let end = fail::<u32, _>("broken".to_owned()).retry(backoff).count().await;
    assert_eq!(end, Err("broken".to_owned()));
    assert_eq!(start.elapsed(), Duration::from_millis(15));
}

#[test]
fn it_is_send_whatever_the_item() {
    fn check(_: impl Send + Clone) {}
    check(fail::<Cell<u32>, _>(Broken));
}
