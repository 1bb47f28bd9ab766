use thalweg_operators::{
    IntoFlow,
    testing::{Broken, Script, numbers, probe},
};
use tokio::time::Instant;

use crate::cancel::at_every_poll;

#[tokio::test(start_paused = true)]
async fn one_must_pass() {
    assert_eq!(numbers("-1-3-5|").any(|n| n % 2 == 0).await, Ok(false));
    assert_eq!(numbers("---|").any(|_| true).await, Ok(false));
    assert_eq!((0..5000).flow().any(|n| *n == 4999).await, Ok(true));
}

#[tokio::test(start_paused = true)]
async fn the_first_that_does_is_the_end() {
    let start = Instant::now();
    assert_eq!(numbers("-1-2-3#").any(|n| n % 2 == 0).await, Ok(true));
    assert_eq!(start.elapsed().as_millis(), 3);
    let (source, log) = probe(Script::Endless);
    let mut future = Box::pin(source.any(|n| *n > 2));
    assert_eq!(future.as_mut().await, Ok(true));
    assert!(log.is_dropped(), "it keeps the source after the end");
    assert_eq!(log.produced(), 4);
}

#[tokio::test(start_paused = true)]
async fn an_error_before_it_is_known_is_the_result() {
    assert_eq!(numbers("-1-#").any(|_| false).await, Err(Broken));
}

#[tokio::test]
async fn dropped_at_any_poll_it_has_asked_for_every_item() {
    at_every_poll(0, |source, tally| {
        source.any(move |_| {
            tally.add();
            false
        })
    })
    .await;
}
