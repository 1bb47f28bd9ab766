//! One source, 100 subscribers; the figures are for a delivery.

use super::mix;
use crate::harness::{Rival, Work};

const SUBSCRIBERS: u64 = 100;
/// Items that the fastest may be ahead of the slowest.
const CAPACITY: usize = 1024;

pub(super) fn work() -> Work {
    Work::new("share_to_100", 2_000_000)
        .within(2.0)
        .goal(1.0, Rival::Best)
        .ours(ours)
        .by_hand(by_hand)
        .rival("tokio broadcast", tokio_broadcast)
        .pusher("rxrust", rxrust)
}

async fn ours(deliveries: u64) -> u64 {
    use thalweg::prelude::*;

    let shared = (0..deliveries / SUBSCRIBERS)
        .flow()
        .share()
        .capacity(CAPACITY);
    let subscribers: Vec<_> = (0..SUBSCRIBERS)
        .map(|_| tokio::spawn(shared.clone().fold(0, mix)))
        .collect();
    drop(shared);
    let mut sum = 0_u64;
    for subscriber in subscribers {
        let of_one = subscriber.await.expect("a subscriber does not panic");
        sum = sum.wrapping_add(of_one.expect("the source does not panic"));
    }
    sum
}

fn by_hand(deliveries: u64) -> u64 {
    let mut sums = [0; 100];
    for n in 0..deliveries / SUBSCRIBERS {
        for sum in &mut sums {
            *sum = mix(*sum, n);
        }
    }
    sums.iter().fold(0, |sum, &of_one| sum.wrapping_add(of_one))
}

/// A sender that waits while the slowest is too far behind, as it drops items otherwise.
async fn tokio_broadcast(deliveries: u64) -> u64 {
    let (sender, receiver) = tokio::sync::broadcast::channel(CAPACITY);
    let subscribers: Vec<_> = (0..SUBSCRIBERS)
        .map(|_| {
            let mut receiver = sender.subscribe();
            tokio::spawn(async move {
                let mut sum = 0;
                while let Ok(n) = receiver.recv().await {
                    sum = mix(sum, n);
                }
                sum
            })
        })
        .collect();
    drop(receiver);
    for n in 0..deliveries / SUBSCRIBERS {
        while sender.len() == CAPACITY {
            tokio::task::yield_now().await;
        }
        // Nobody leaves before the end.
        let _ = sender.send(n);
    }
    drop(sender);
    let mut sum = 0_u64;
    for subscriber in subscribers {
        sum = sum.wrapping_add(subscriber.await.expect("a subscriber does not panic"));
    }
    sum
}

fn rxrust(deliveries: u64) -> u64 {
    use std::{cell::Cell, rc::Rc};

    use rxrust::prelude::*;

    let published = Local::from_iter(0..deliveries / SUBSCRIBERS).publish();
    let sums: Vec<_> = (0..SUBSCRIBERS)
        .map(|_| {
            let sum = Rc::new(Cell::new(0));
            let own = Rc::clone(&sum);
            published
                .fork()
                .subscribe(move |n| own.set(mix(own.get(), n)));
            sum
        })
        .collect();
    published.connect();
    sums.iter()
        .fold(0, |sum, of_one| sum.wrapping_add(of_one.get()))
}
