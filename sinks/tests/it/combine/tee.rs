use std::error::Error;

use futures_util::FutureExt;
use thalweg::{
    Sink,
    prelude::*,
    sinks::{TeeCause, channel, null, tee},
};

use crate::double::{Broken, Double};

#[tokio::test]
async fn both_get_every_item_and_all_calls() {
    let (one, other) = (Double::new(), Double::new());
    (0..3000).flow().run_into(tee(one.clone(), other.clone())).await.unwrap();
    assert_eq!(one.taken(), (0..3000).collect::<Vec<_>>());
    assert_eq!(one.taken(), other.taken());
    assert_eq!(one.calls(), other.calls());
    assert_eq!(one.calls().last(), Some(&"close"));
}

#[tokio::test]
async fn the_slower_holds_back() {
    let (sender, mut receiver) = tokio::sync::mpsc::channel(2);
    let fast = null();
    let mut sink = tee(fast.clone(), channel(sender));
    let mut batch: Vec<_> = (0..5).collect();
    {
        let mut write = std::pin::pin!(sink.write(&mut batch));
        assert!(write.as_mut().now_or_never().is_none());
        assert_eq!(fast.meter().counts().emitted, 5);
        for expected in 0..2 {
            assert_eq!(receiver.recv().await, Some(expected));
        }
        assert!(write.as_mut().now_or_never().is_none());
        let drain = async { while receiver.recv().await.is_some_and(|item| item < 4) {} };
        tokio::join!(write, drain).0.unwrap();
    }
    assert!(batch.is_empty());
}

#[tokio::test]
async fn the_error_of_either_is_told_with_its_name() {
    let ended = (0..3)
        .flow()
        .run_into(tee(null(), Double::new().broken()).names("live", "archive"))
        .await;
    let error = ended.unwrap_err().to_string();
    assert!(error.starts_with("tee at ") && error.contains("tee.rs:"), "{error}");
    assert!(error.ends_with("the sink archive failed: the double fails to write"), "{error}");

    let mut sink = tee(Double::new().broken(), null());
    let error = sink.write(&mut vec![1]).await.unwrap_err();
    assert_eq!((error.name(), error.stage().name()), ("first", "tee"));
    assert_eq!(error.cause(), &TeeCause::First(Broken("write")));
    assert_eq!(error.source().unwrap().to_string(), "the double fails to write");

    let mut sink = tee(Double::new().broken(), Double::new().broken());
    let error = sink.write(&mut vec![1]).await.unwrap_err();
    assert!(error.to_string().contains("both sinks failed"), "{error}");
}

#[tokio::test]
async fn what_one_of_them_lacks_stays_in_the_batch() {
    for second_fails in [false, true] {
        let (short, whole) = (Double::new().failing_after([2]), Double::new());
        let mut batch = vec![1, 2, 3, 4];
        if second_fails {
            tee(whole.clone(), short.clone()).write(&mut batch).await.unwrap_err();
        } else {
            tee(short.clone(), whole.clone()).write(&mut batch).await.unwrap_err();
        }
        assert_eq!(short.taken(), [1, 2]);
        assert_eq!(whole.taken(), [1, 2, 3, 4], "the other comes to its end");
        assert_eq!(batch, [3, 4]);
    }
}

#[tokio::test]
async fn a_cancelled_write_keeps_what_one_of_them_lacks() {
    let (sender, _receiver) = tokio::sync::mpsc::channel(2);
    let mut sink = tee(null(), channel(sender));
    let mut batch: Vec<_> = (0..5).collect();
    assert!(sink.write(&mut batch).now_or_never().is_none());
    assert_eq!(batch, [2, 3, 4]);
}

#[tokio::test]
async fn a_failed_flow_abandons_both() {
    let (one, other) = (Double::new(), Double::new());
    let fails = ["x"].flow().map(str::parse::<u8>).raise();
    fails.run_into(tee(one.clone(), other.clone())).await.unwrap_err();
    assert_eq!(one.calls(), ["flush", "abandon"]);
    assert_eq!(other.calls(), ["flush", "abandon"]);
}
