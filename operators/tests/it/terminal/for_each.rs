use thalweg_operators::{
    IntoFlow,
    testing::{Broken, Script, probe},
};

use crate::cancel::at_every_poll;

#[tokio::test]
async fn every_item_reaches_the_closure() {
    let mut seen = Vec::new();
    let Ok(()) = (0..5000).flow().for_each(|n| seen.push(n)).await;
    assert!(seen.into_iter().eq(0..5000));
}

#[tokio::test]
async fn the_error_of_the_stream_is_the_result_and_the_source_is_dropped() {
    let (source, log) = probe(Script::Failing(3));
    let mut seen = 0;
    assert_eq!(source.for_each(|_| seen += 1).await, Err(Broken));
    assert_eq!(seen, 3);
    assert!(log.is_dropped());
}

#[tokio::test]
async fn dropped_at_any_poll_it_loses_nothing() {
    at_every_poll(0, |source, tally| source.for_each(move |_| tally.add())).await;
}
