//! 10,000 streams, each with a burst of ten events, each debounced by itself, all merged into one.

use std::time::Duration;

use super::gather;
use crate::harness::{Rival, Work};

const STREAMS: u64 = 10_000;
const BURSTS: u64 = 1;
const QUIET: Duration = Duration::from_millis(10);

pub(super) fn work() -> Work {
    Work::new("debounced_streams", 10 * STREAMS)
        .within(100.0)
        .goal(1.0, Rival::Best)
        .ours(ours)
        .rival("a tokio task for each stream", tokio_tasks)
}

/// The events of a stream in a burst; only the last is to come out.
fn burst(items: u64, number: u64, stream: u64) -> impl Iterator<Item = u64> {
    let events = items / STREAMS / BURSTS;
    (0..events).map(move |event| (number * STREAMS + stream) * events + event)
}

/// On a clock that jumps from timer to timer, so that what is measured is work and not quiet.
async fn ours(items: u64) -> u64 {
    use thalweg::{operators::combine::merge, prelude::*, sources::channel};

    tokio::time::pause();
    let (senders, streams): (Vec<_>, Vec<_>) =
        (0..STREAMS).map(|_| channel(16, Overflow::Wait)).unzip();
    let debounced = merge(streams.into_iter().map(|stream| stream.debounce(QUIET)));
    let sum = tokio::spawn(debounced.fold(0, gather));
    for number in 0..BURSTS {
        for (stream, sender) in (0..).zip(&senders) {
            for event in burst(items, number, stream) {
                sender.try_send(event).expect("a burst has room");
            }
        }
        tokio::time::sleep(2 * QUIET).await;
    }
    drop(senders);
    let sum = sum.await.expect("nothing panics");
    tokio::time::resume();
    sum.unwrap_or_default()
}

async fn tokio_tasks(items: u64) -> u64 {
    use tokio::{sync::mpsc, time::timeout};

    tokio::time::pause();
    let (all, mut debounced) = mpsc::channel(1024);
    let senders: Vec<_> = (0..STREAMS)
        .map(|_| {
            let (sender, mut stream) = mpsc::channel(16);
            let all = all.clone();
            tokio::spawn(async move {
                while let Some(mut newest) = stream.recv().await {
                    while let Ok(Some(newer)) = timeout(QUIET, stream.recv()).await {
                        newest = newer;
                    }
                    let _ = all.send(newest).await;
                }
            });
            sender
        })
        .collect();
    drop(all);
    let sum = tokio::spawn(async move {
        let mut sum = 0;
        while let Some(n) = debounced.recv().await {
            sum = gather(sum, n);
        }
        sum
    });
    for number in 0..BURSTS {
        for (stream, sender) in (0..).zip(&senders) {
            for event in burst(items, number, stream) {
                sender.try_send(event).expect("a burst has room");
            }
        }
        tokio::time::sleep(2 * QUIET).await;
    }
    drop(senders);
    let sum = sum.await.expect("nothing panics");
    tokio::time::resume();
    sum
}
