use thalweg_operators::testing::{Broken, Script, cold, probe};
use tokio::time::Instant;

use crate::cancel::at_every_poll;

#[tokio::test(start_paused = true)]
async fn a_flow_without_items_is_empty() {
    let start = Instant::now();
    assert_eq!(cold("-----|").is_empty().await, Ok(true));
    assert_eq!(start.elapsed().as_millis(), 5);
}

#[tokio::test(start_paused = true)]
async fn the_first_item_is_the_end() {
    let start = Instant::now();
    assert_eq!(cold("--a--#").is_empty().await, Ok(false));
    assert_eq!(start.elapsed().as_millis(), 2);
    let (source, log) = probe(Script::Endless);
    let mut future = Box::pin(source.is_empty());
    assert_eq!(future.as_mut().await, Ok(false));
    assert!(log.is_dropped(), "it keeps the source after the end");
    assert_eq!(log.produced(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_error_before_the_first_item_is_the_result() {
    assert_eq!(cold("--#").is_empty().await, Err(Broken));
}

#[tokio::test]
async fn dropped_at_any_poll_it_keeps_nothing() {
    at_every_poll(1, |source, _| source.is_empty()).await;
}
