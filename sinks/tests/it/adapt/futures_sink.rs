use futures_util::{FutureExt, StreamExt};
use thalweg::{Sink, prelude::*, sinks::futures_sink};

#[tokio::test]
async fn what_is_full_holds_back_and_nothing_is_lost_when_cancelled() {
    let (sender, mut receiver) = futures::channel::mpsc::channel(1);
    let mut sink = futures_sink(sender);
    let mut batch: Vec<_> = (0..5).collect();
    // One for the channel and one for its sender.
    assert!(sink.write(&mut batch).now_or_never().is_none());
    assert_eq!(batch, [2, 3, 4]);
    let (written, items) = tokio::join!(sink.write(&mut batch), async {
        let mut items = Vec::new();
        while items.len() < 5 {
            items.push(receiver.next().await.unwrap());
        }
        items
    });
    written.unwrap();
    assert_eq!(items, [0, 1, 2, 3, 4]);
    Sink::<i32>::close(&mut sink).await.unwrap();
    assert_eq!(receiver.next().await, None);
}

#[tokio::test]
async fn an_error_ends_the_run_and_the_rest_stays() {
    let (sender, receiver) = futures::channel::mpsc::channel(8);
    drop(receiver);
    let mut sink = futures_sink(sender);
    let mut batch = vec![1, 2];
    assert!(sink.write(&mut batch).await.unwrap_err().is_disconnected());
    let ended = (0..2).flow().run_into(sink).await;
    assert!(ended.unwrap_err().to_string().contains("gone"));
}
