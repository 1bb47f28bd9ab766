use std::pin::pin;

use futures_util::poll;
use thalweg::{
    DropReason, Fault, Sink,
    prelude::*,
    queue::{Closed, Refused},
    sinks,
    sources::channel,
};
use tokio::sync::mpsc;

#[tokio::test]
async fn a_sender_waits_until_there_is_room() {
    let (sender, mut flow) = channel(1, Overflow::Wait);
    sender.send(1).await.unwrap();
    assert_eq!(sender.try_send(9), Err(Refused::Full(9)));
    let mut second = pin!(sender.send(2));
    assert!(poll!(&mut second).is_pending(), "there was no room");
    assert_eq!(flow.next().await, Ok(Some(1)));
    let (sent, received) = tokio::join!(second, flow.next());
    assert_eq!((sent, received), (Ok(()), Ok(Some(2))));
}

#[tokio::test]
async fn what_is_dropped_is_counted() {
    for (overflow, kept) in [
        (Overflow::DropIncoming, [1, 2]),
        (Overflow::DropOldest, [3, 4]),
    ] {
        let (sender, flow) = channel(2, overflow);
        for n in 1..=4 {
            sender.send(n).await.unwrap();
        }
        let meter = sender.meter().clone();
        drop(sender);
        assert_eq!(flow.collect::<Vec<_>>().await, Ok(kept.to_vec()));
        let counts = meter.counts();
        assert_eq!(counts.dropped_by(DropReason::Overflow), 2);
        assert_eq!(
            (counts.received, counts.emitted, counts.in_flight()),
            (4, 2, 0)
        );
    }
}

#[tokio::test]
async fn overflow_fails_the_flow_after_what_fits() {
    let (sender, mut flow) = channel(1, Overflow::Fail);
    sender.send('a').await.unwrap();
    assert_eq!(sender.send('b').await, Err(Closed('b')));
    assert_eq!(flow.next().await, Ok(Some('a')));
    let fault = flow.next().await.unwrap_err();
    assert!(matches!(&fault, Fault::Overflowed(overflowed) if overflowed.capacity() == 1));
    assert!(fault.to_string().contains("channel.rs"), "{fault}");
    assert_eq!(sender.try_send('c'), Err(Refused::Closed('c')));
}

#[tokio::test]
async fn it_completes_when_the_last_sender_is_dropped_or_one_is_closed() {
    let (first, flow) = channel(4, Overflow::Wait);
    let second = first.clone();
    first.send(1).await.unwrap();
    drop(first);
    second.send(2).await.unwrap();
    drop(second);
    assert_eq!(flow.collect::<Vec<_>>().await, Ok(vec![1, 2]));

    let (first, flow) = channel(1, Overflow::Wait);
    let second = first.clone();
    first.send(1).await.unwrap();
    let mut waiting = pin!(first.send(2));
    assert!(poll!(&mut waiting).is_pending());
    second.close();
    assert_eq!(waiting.await, Err(Closed(2)), "the close woke who waited");
    assert_eq!(flow.collect::<Vec<_>>().await, Ok(vec![1]));
}

#[tokio::test]
async fn a_stop_hands_on_what_was_sent_and_refuses_more() {
    let (sender, flow) = channel(8, Overflow::Wait);
    let (told, mut heard) = mpsc::channel(8);
    for n in 1..=3 {
        sender.send(n).await.unwrap();
    }
    let run = flow.spawn_into(sinks::channel(told));
    run.stop(std::time::Duration::from_mins(1)).await.unwrap();
    let mut received = Vec::new();
    assert_eq!(heard.recv_many(&mut received, 8).await, 3);
    assert_eq!(received, [1, 2, 3]);
    assert_eq!(sender.send(4).await, Err(Closed(4)));
}

#[tokio::test]
async fn a_flow_that_is_dropped_gives_items_back() {
    let (sender, flow) = channel(8, Overflow::Wait);
    sender.send(1).await.unwrap();
    drop(flow);
    assert!(sender.is_closed());
    assert_eq!(sender.try_send(2), Err(Refused::Closed(2)));
    assert_eq!(sender.meter().counts().dropped_by(DropReason::Cancelled), 1);
}

#[tokio::test]
async fn a_tokio_channel_that_is_full_holds_back_the_flow() {
    let (sender, mut receiver) = mpsc::channel(2);
    let mut sink = sinks::channel(sender);
    let mut batch = vec![1, 2, 3];
    sink.write(&mut batch).await.unwrap();
    assert_eq!(batch, [3], "two fitted");
    {
        let mut write = pin!(sink.write(&mut batch));
        assert!(poll!(&mut write).is_pending());
        assert_eq!(receiver.recv().await, Some(1));
        write.await.unwrap();
    }
    assert!(batch.is_empty());
    drop(receiver);
    let gone = sink.write(&mut vec![4]).await.unwrap_err();
    assert_eq!(
        gone.to_string(),
        "cannot send into the channel: its receiver is gone"
    );
}
