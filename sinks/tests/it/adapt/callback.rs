use thalweg::{Sink, prelude::*, sinks::callback};

#[tokio::test]
async fn batches_come_in_order_and_the_future_is_waited_for() {
    let mut batches = Vec::new();
    let sink = callback(|batch: Vec<u32>| {
        batches.push(batch);
        async {
            tokio::task::yield_now().await;
            Ok::<_, Infallible>(())
        }
    });
    (0..3000).flow().run_into(sink).await.unwrap();
    assert_eq!(batches.concat(), (0..3000).collect::<Vec<_>>());
    assert!(batches.iter().all(|batch| !batch.is_empty() && batch.len() <= 1024));
}

#[tokio::test]
async fn an_error_leaves_the_items_in_the_batch() {
    let mut sink = callback(|_: Vec<u32>| async { Err("no") });
    let mut batch = vec![1, 2];
    assert_eq!(sink.write(&mut batch).await, Err("no"));
    assert_eq!(batch, [1, 2]);
}
