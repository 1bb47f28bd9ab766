//! Every interleaving of two threads at the queue and the hub: nothing is lost, nothing comes twice, nobody sleeps for ever.
//!
//! Run with:
//!
//! ```text
//! RUSTFLAGS="--cfg loom" CARGO_TARGET_DIR=target/loom cargo test -p thalweg-core --release --test loom
//! ```
#![cfg(loom)]

use std::{
    convert::Infallible,
    future::poll_fn,
    ops::ControlFlow,
    pin::Pin,
    task::{Context, Poll},
};

use loom::{future::block_on, model::Builder, thread};
use thalweg_core::{
    Cx, Drained, Meter, Observable, Overflow, ReplaySubject, StageId, Subject,
    queue::{QueueSender, queue},
};

/// Tries every interleaving with at most so many switches where a thread could have gone on.
fn model(test: impl Fn() + Send + Sync + 'static) {
    let mut model = Builder::new();
    model.preemption_bound = Some(3);
    model.check(test);
}

/// Receives until the end, or until `enough` says so.
async fn receive<O>(mut flow: O, enough: impl Fn(&[u32]) -> bool) -> Vec<u32>
where
    O: Observable<Item = u32, Error = Infallible> + Unpin,
{
    let mut seen = Vec::new();
    poll_fn(|task: &mut Context<'_>| {
        loop {
            let drained = Pin::new(&mut flow).poll_drain(&mut Cx::new(task), |item| {
                seen.push(item);
                if enough(&seen) {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            });
            match drained {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(Drained::Exhausted)) => {}
                Poll::Ready(Ok(Drained::Completed | Drained::Stopped)) => return Poll::Ready(()),
                Poll::Ready(Err(never)) => match never {},
            }
        }
    })
    .await;
    seen
}

async fn all<O>(flow: O) -> Vec<u32>
where
    O: Observable<Item = u32, Error = Infallible> + Unpin,
{
    receive(flow, |_| false).await
}

/// Sends the items below a limit; tells how many were taken.
async fn send(sender: QueueSender<u32, Infallible>, limit: u32) -> u32 {
    for item in 0..limit {
        let mut slot = Some(item);
        if poll_fn(|task| sender.poll_send(&mut slot, task))
            .await
            .is_err()
        {
            return item;
        }
    }
    limit
}

#[test]
fn a_queue_delivers_all_and_wakes_both_sides() {
    model(|| {
        let (sender, receiver) = queue(StageId::here("queue"), 1, Overflow::Wait, Meter::new());
        let sending = thread::spawn(move || block_on(send(sender, 3)));
        assert_eq!(block_on(all(receiver)), [0, 1, 2]);
        assert_eq!(sending.join().unwrap(), 3);
    });
}

#[test]
fn a_receiver_that_leaves_wakes_the_sender_that_waits() {
    model(|| {
        let meter = Meter::new();
        let (sender, receiver) = queue(StageId::here("queue"), 1, Overflow::Wait, meter.clone());
        let sending = thread::spawn(move || block_on(send(sender, 3)));
        let seen = block_on(receive(receiver, |_| true));
        assert_eq!(seen, [0]);
        let taken = sending.join().unwrap();
        assert!((1..=3).contains(&taken));
        assert_eq!(meter.counts().in_flight(), 0);
    });
}

#[test]
fn a_subject_delivers_all_that_is_sent_after_a_subscription() {
    model(|| {
        let subject = Subject::<u32>::new(1);
        let subscription = subject.subscribe();
        let sending = thread::spawn(move || {
            block_on(async {
                subject.send(0).await;
                subject.send(1).await;
                subject.complete();
            });
        });
        assert_eq!(block_on(all(subscription)), [0, 1]);
        sending.join().unwrap();
    });
}

#[test]
fn a_subscriber_that_leaves_wakes_the_subject_that_waits() {
    model(|| {
        let subject = Subject::<u32>::new(1);
        let subscription = subject.subscribe();
        let meter = subject.meter().clone();
        let sending = thread::spawn(move || {
            block_on(async {
                subject.send(0).await;
                subject.send(1).await;
            });
        });
        assert_eq!(block_on(receive(subscription, |_| true)), [0]);
        sending.join().unwrap();
        assert_eq!(meter.counts().in_flight(), 0);
    });
}

#[test]
fn a_subscriber_that_races_a_live_item_gets_it_once() {
    model(|| {
        let subject = ReplaySubject::<u32>::new(2);
        let sender = subject.clone();
        let sending = thread::spawn(move || {
            block_on(async {
                for item in 0..3 {
                    sender.send(item).await;
                }
                sender.complete();
            });
        });
        let seen = block_on(all(subject.subscribe()));
        sending.join().unwrap();
        let first = 3 - u32::try_from(seen.len()).unwrap();
        assert!(first <= 1, "{seen:?}");
        assert_eq!(seen, (first..3).collect::<Vec<_>>());
    });
}
