use std::time::Duration;

use thalweg::{
    Sink,
    operators::{error::Backoff, terminal::RunError},
    prelude::*,
    sinks::{callback, retrying},
};
use tokio::time::Instant;

use crate::double::Double;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn what_was_not_taken_is_written_again() {
    let sink = Double::new().failing_after([0, 2, 0]);
    let began = Instant::now();
    (0..5).flow().run_into(retrying(sink.clone(), Backoff::fixed(SECOND))).await.unwrap();
    assert_eq!(sink.taken(), [0, 1, 2, 3, 4]);
    assert_eq!(began.elapsed(), 3 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn it_gives_up_and_names_the_stage() {
    let sink = retrying(Double::new().broken(), Backoff::fixed(SECOND).max_retries(3));
    let began = Instant::now();
    let ended = (0..5).flow().run_into(sink).await;
    assert_eq!(began.elapsed(), 3 * SECOND);
    let Err(RunError::Sink(error)) = ended else {
        panic!("{ended:?}");
    };
    assert_eq!((error.retries(), error.stage().name()), (3, "retrying"));
    let text = error.to_string();
    assert!(text.starts_with("retrying at ") && text.contains("retrying.rs:"), "{text}");
    assert!(text.ends_with("gave up after 3 retries: the double fails to write"), "{text}");
    assert_eq!(error.error().0, "write");
}

#[tokio::test(start_paused = true)]
async fn a_write_that_takes_something_begins_the_count_anew() {
    let sink = Double::new().failing_after([1, 1, 1, 1]);
    let policy = Backoff::fixed(SECOND).max_retries(1);
    let mut batch: Vec<_> = (0..5).collect();
    let error = retrying(sink.clone(), policy.clone()).write(&mut batch).await;
    assert_eq!(error, Ok(()));
    let sink = Double::new().failing_after([1, 0, 0]);
    let mut batch: Vec<_> = (0..5).collect();
    retrying(sink, policy).write(&mut batch).await.unwrap_err();
    assert_eq!(batch, [1, 2, 3, 4]);
}

#[tokio::test]
async fn a_sink_that_keeps_what_it_failed_with_is_not_tried_again() {
    let sink = Double::new().failing_after([5]);
    let mut sink = retrying(sink, Backoff::fixed(SECOND));
    let mut batch: Vec<_> = (0..5).collect();
    let error = sink.write(&mut batch).await.unwrap_err();
    assert_eq!(error.retries(), 0);
}

#[tokio::test(start_paused = true)]
async fn flush_and_close_are_tried_again() {
    let double = Double::<u8>::new().broken();
    let mut sink = retrying(double.clone(), Backoff::fixed(SECOND));
    let mend = async {
        tokio::time::sleep(SECOND * 5 / 2).await;
        double.mended();
    };
    let (flushed, ()) = tokio::join!(Sink::<u8>::flush(&mut sink), mend);
    flushed.unwrap();
    assert_eq!(double.calls(), ["flush"; 4]);
    let mut sink = retrying(double.broken(), Backoff::fixed(SECOND).max_retries(2));
    assert_eq!(Sink::<u8>::close(&mut sink).await.unwrap_err().retries(), 2);
    assert_eq!(Sink::<u8>::abandon(&mut sink).await.unwrap_err().retries(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_closure_gets_the_same_batch_again() {
    let mut attempts = Vec::new();
    let mut sink = retrying(
        callback(|batch: Vec<u8>| {
            attempts.push(batch);
            let failed = attempts.len() < 3;
            async move { if failed { Err("busy") } else { Ok(()) } }
        }),
        Backoff::fixed(SECOND),
    );
    sink.write(&mut vec![1, 2]).await.unwrap();
    drop(sink);
    assert_eq!(attempts, [[1, 2]; 3]);
}
