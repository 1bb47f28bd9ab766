use std::{pin::pin, time::Duration};

use futures_util::FutureExt as _;
use thalweg::sources::from_mpsc;
use tokio::sync::mpsc;

use crate::contract::poll;

#[tokio::test]
async fn a_sender_waits_for_a_slow_consumer() {
    let (sender, receiver) = mpsc::channel(1);
    let mut flow = pin!(from_mpsc(receiver));
    assert_eq!(flow.plan().bound(), Some(1));
    sender.send(1).await.unwrap();
    assert!(sender.send(2).now_or_never().is_none());
    assert_eq!(flow.next().await, Ok(Some(1)));
    sender.send(3).await.unwrap();
    drop(sender);
    assert_eq!(flow.next().await, Ok(Some(3)));
    assert_eq!(flow.next().await, Ok(None));
    assert_eq!(flow.next().await, Ok(None), "it stays ended");
}

#[tokio::test]
async fn a_stop_drains_what_was_sent_and_refuses_more() {
    let (sender, receiver) = mpsc::unbounded_channel();
    let mut flow = pin!(from_mpsc(receiver));
    assert_eq!(flow.plan().bound(), None);
    for n in 0..10 {
        sender.send(n).unwrap();
    }
    assert_eq!(poll(flow.as_mut(), 4, true).await.0, 4);
    assert!(sender.send(10).is_err());
    let (items, polled) = poll(flow.as_mut(), 100, true).await;
    assert_eq!(items, 6);
    assert!(matches!(polled, std::task::Poll::Ready(Ok(thalweg::Drained::Completed))));
}

#[tokio::test]
async fn a_sender_that_holds_a_place_does_not_hold_up_a_stop() {
    let (sender, receiver) = mpsc::channel::<u8>(4);
    let _place = sender.reserve().await.unwrap();
    let run = from_mpsc(receiver).spawn_into(thalweg::sinks::channel(mpsc::channel(1).0));
    run.stop(Duration::from_mins(1)).await.unwrap();
}

#[tokio::test]
async fn nothing_comes_without_a_budget() {
    let (sender, receiver) = mpsc::channel(1);
    sender.send(1).await.unwrap();
    let mut flow = pin!(from_mpsc(receiver));
    assert_eq!(poll(flow.as_mut(), 0, false).await.0, 0);
    assert_eq!(flow.next().await, Ok(Some(1)));
}
