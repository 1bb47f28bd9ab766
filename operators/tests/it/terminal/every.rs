use thalweg_operators::{
    IntoFlow,
    terminal::FlowEvery,
    testing::{Broken, Script, numbers, probe},
};
use tokio::time::Instant;

use crate::cancel::at_every_poll;

#[tokio::test(start_paused = true)]
async fn all_must_pass() {
    assert_eq!(numbers("-2-4-6|").every(|n| n % 2 == 0).await, Ok(true));
    assert_eq!(numbers("---|").every(|_| false).await, Ok(true));
    assert_eq!((0..5000).flow().every(|n| *n < 4999).await, Ok(false));
}

#[tokio::test(start_paused = true)]
async fn the_first_that_does_not_is_the_end() {
    let start = Instant::now();
    assert_eq!(numbers("-2-3-4#").every(|n| n % 2 == 0).await, Ok(false));
    assert_eq!(start.elapsed().as_millis(), 3);
    let (source, log) = probe(Script::Endless);
    let mut future = Box::pin(source.every(|n| *n < 3));
    assert_eq!(future.as_mut().await, Ok(false));
    assert!(log.is_dropped(), "it keeps the source after the end");
    assert_eq!(log.produced(), 4);
}

#[tokio::test(start_paused = true)]
async fn an_error_before_it_is_known_is_the_result() {
    assert_eq!(numbers("-2-#").every(|_| true).await, Err(Broken));
}

#[tokio::test]
async fn dropped_at_any_poll_it_has_asked_for_every_item() {
    at_every_poll(0, |source, tally| {
        source.every(move |_| {
            tally.add();
            true
        })
    })
    .await;
}
