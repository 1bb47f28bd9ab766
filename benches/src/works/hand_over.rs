//! Items handed over from one task to another, through a queue of 1024.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use super::mix;
use crate::harness::{Rival, Work};

/// Items that the queue may hold.
const CAPACITY: usize = 1024;

pub(super) fn work() -> Work {
    Work::new("hand_over", 1_000_000)
        .goal(1.0 / 10.0, Rival::Named("tokio mpsc"))
        .ours(ours)
        .by_hand_in_tasks(by_hand)
        .rival("tokio mpsc", tokio_mpsc)
        .rival("tokio mpsc, recv_many", tokio_mpsc_many)
        .rival("futures mpsc", futures_mpsc)
}

async fn ours(items: u64) -> u64 {
    use thalweg::prelude::*;

    (0..items)
        .flow()
        .spawned(CAPACITY)
        .fold(0, mix)
        .await
        .expect("the other task does not panic")
}

/// A vector behind a lock that changes hands when it is full.
async fn by_hand(items: u64) -> u64 {
    #[derive(Default)]
    struct Shared {
        batch: Mutex<Vec<u64>>,
        full: Notify,
        empty: Notify,
    }

    impl Shared {
        fn swap(&self, batch: &mut Vec<u64>) {
            let mut shared = self.batch.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::swap(&mut *shared, batch);
        }
    }

    let shared = Arc::new(Shared::default());
    let producer = Arc::clone(&shared);
    let task = tokio::spawn(async move {
        let mut batch = Vec::with_capacity(CAPACITY);
        let mut rest = 0..items;
        while !rest.is_empty() {
            batch.extend(rest.by_ref().take(CAPACITY));
            producer.swap(&mut batch);
            producer.full.notify_one();
            producer.empty.notified().await;
        }
        producer.full.notify_one();
    });
    let mut sum = 0;
    let mut batch = Vec::with_capacity(CAPACITY);
    loop {
        shared.full.notified().await;
        shared.swap(&mut batch);
        if batch.is_empty() {
            break;
        }
        sum = batch.drain(..).fold(sum, mix);
        shared.empty.notify_one();
    }
    task.await.expect("the other task does not panic");
    sum
}

async fn tokio_mpsc(items: u64) -> u64 {
    let (sender, mut receiver) = tokio::sync::mpsc::channel(CAPACITY);
    tokio::spawn(async move {
        for n in 0..items {
            if sender.send(n).await.is_err() {
                break;
            }
        }
    });
    let mut sum = 0;
    while let Some(n) = receiver.recv().await {
        sum = mix(sum, n);
    }
    sum
}

async fn tokio_mpsc_many(items: u64) -> u64 {
    let (sender, mut receiver) = tokio::sync::mpsc::channel(CAPACITY);
    tokio::spawn(async move {
        for n in 0..items {
            if sender.send(n).await.is_err() {
                break;
            }
        }
    });
    let mut sum = 0;
    let mut batch = Vec::with_capacity(CAPACITY);
    while receiver.recv_many(&mut batch, CAPACITY).await > 0 {
        sum = batch.drain(..).fold(sum, mix);
    }
    sum
}

async fn futures_mpsc(items: u64) -> u64 {
    use futures::{SinkExt, StreamExt, channel::mpsc, future::ready, stream};

    let (mut sender, receiver) = mpsc::channel(CAPACITY);
    tokio::spawn(async move {
        // The receiver leaves only after the last item.
        let _ = sender.send_all(&mut stream::iter(0..items).map(Ok)).await;
    });
    receiver.fold(0, |sum, n| ready(mix(sum, n))).await
}
