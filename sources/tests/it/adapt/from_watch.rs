use std::pin::pin;

use futures_util::FutureExt as _;
use thalweg::sources::from_watch;
use tokio::sync::watch;

use crate::contract::poll;

#[tokio::test]
async fn only_the_newest_value_counts() {
    let (sender, receiver) = watch::channel(0);
    let mut flow = pin!(from_watch(receiver));
    assert_eq!(flow.next().await, Ok(Some(0)), "the first is there at once");
    assert!(flow.next().now_or_never().is_none());
    for n in 1..5 {
        sender.send(n).unwrap();
    }
    assert_eq!(flow.next().await, Ok(Some(4)));
    sender.send(5).unwrap();
    drop(sender);
    assert_eq!(flow.next().await, Ok(Some(5)), "the last is emitted though the sender is gone");
    assert_eq!(flow.next().await, Ok(None));
    assert_eq!(flow.next().await, Ok(None));
}

#[tokio::test]
async fn it_waits_for_a_change_and_leaves_when_it_is_asked_to_stop() {
    let (sender, receiver) = watch::channel(0);
    let mut flow = pin!(from_watch(receiver));
    assert_eq!(poll(flow.as_mut(), 0, false).await.0, 0);
    assert_eq!(poll(flow.as_mut(), 8, false).await.0, 1);
    let (item, sent) = tokio::join!(flow.next(), async { sender.send(1) });
    assert_eq!((item, sent.is_ok()), (Ok(Some(1)), true));
    assert_eq!(poll(flow.as_mut(), 8, true).await.0, 0);
    assert_eq!(sender.receiver_count(), 0);
}
