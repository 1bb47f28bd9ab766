use std::pin::pin;

use futures_util::FutureExt as _;
use thalweg::{
    DropReason, Plan,
    sources::{from_broadcast, from_broadcast_or_lag},
};
use tokio::sync::broadcast;

use crate::contract::poll;

#[tokio::test]
async fn what_was_missed_is_counted() {
    let (sender, receiver) = broadcast::channel(4);
    let mut flow = pin!(from_broadcast(receiver));
    assert!(flow.next().now_or_never().is_none(), "nothing was sent");
    for n in 0..10 {
        sender.send(n).unwrap();
    }
    assert_eq!(poll(flow.as_mut(), 2, false).await.0, 1, "a lag costs a turn too");
    assert_eq!(flow.next().await, Ok(Some(7)));
    let mut plan = Plan::of(&*flow);
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!((counts.received, counts.emitted), (8, 2));
    assert_eq!(counts.dropped_by(DropReason::Overflow), 6);
    drop(sender);
    assert_eq!(flow.next().await, Ok(Some(8)));
    assert_eq!(flow.next().await, Ok(Some(9)));
    assert_eq!(flow.next().await, Ok(None));
    assert_eq!(flow.next().await, Ok(None));
}

#[tokio::test]
async fn or_told_where_it_is_missing() {
    let (sender, receiver) = broadcast::channel(2);
    let mut flow = pin!(from_broadcast_or_lag(receiver));
    for n in 0..5 {
        sender.send(n).unwrap();
    }
    let lagged = flow.next().await.unwrap().unwrap().unwrap_err();
    assert_eq!(lagged.to_string(), "a slow receiver missed 3 items");
    assert_eq!(flow.next().await, Ok(Some(Ok(3))));
}

#[tokio::test]
async fn one_that_waits_is_woken_and_one_that_stops_leaves() {
    let (sender, receiver) = broadcast::channel(2);
    let mut flow = pin!(from_broadcast(receiver));
    for n in 0..3 {
        let (item, sent) = tokio::join!(flow.next(), async { sender.send(n) });
        assert_eq!((item, sent.is_ok()), (Ok(Some(n)), true));
    }
    let _ = poll(flow.as_mut(), 8, false).await;
    assert_eq!(poll(flow.as_mut(), 8, true).await.0, 0);
    assert_eq!(sender.receiver_count(), 0, "the receiver is dropped at the end");
}
