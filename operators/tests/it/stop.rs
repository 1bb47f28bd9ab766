//! A stop reaches every source in the first poll, also when the consumer breaks at an item that was held.

use std::{future::poll_fn, ops::ControlFlow, pin::pin, sync::Arc, task::Poll, time::Duration};

use thalweg_core::{
    Cx, Meter, Observable, Overflow, StageId,
    queue::{QueueReceiver, QueueSender, queue},
};
use thalweg_operators::{
    Flow, IntoFlow,
    combine::merge,
    concurrency::KeyLimits,
    testing::{Broken, Probe, ProbeLog, Script, probe},
};
use tokio::time::sleep;

const TIME: Duration = Duration::from_millis(4);

/// A source that has had three items, and is silent since.
fn silent() -> (Flow<Probe>, Arc<ProbeLog>) {
    probe(Script::Idle(3))
}

/// Two items in a queue that is still fed: a stop does not end it.
fn queued() -> (QueueSender<u32, Broken>, Flow<QueueReceiver<u32, Broken>>) {
    let (sender, receiver) = queue(StageId::here("queue"), 2, Overflow::Wait, Meter::new());
    for item in [7, 8] {
        sender.try_send(item).unwrap();
    }
    (sender, receiver.flow())
}

/// Lets the operator fill up, then stops it with a consumer that wants one item.
async fn reaches(
    build: impl FnOnce(Flow<Probe>) -> Flow<thalweg_core::BoxObservable<'static, u32, Broken>>,
) {
    let (source, log) = silent();
    let mut flow = pin!(build(source));
    for (stopping, items) in [(false, 1), (false, 1), (true, 1)] {
        let mut taken = 0;
        poll_fn(|task| {
            let mut cx = Cx::new(task).with_stop(stopping);
            let _ = flow.as_mut().poll_drain(&mut cx, |_| {
                taken += 1;
                if taken < items {
                    ControlFlow::Continue(())
                } else {
                    ControlFlow::Break(())
                }
            });
            Poll::Ready(())
        })
        .await;
        sleep(2 * TIME).await;
    }
    assert!(log.saw_stop() || log.is_dropped());
}

#[tokio::test(start_paused = true)]
async fn while_a_delayed_item_is_due() {
    reaches(|source| source.delay(TIME).boxed()).await;
}

#[tokio::test(start_paused = true)]
async fn while_a_paced_item_is_due() {
    reaches(|source| source.pace(1, TIME).boxed()).await;
}

#[tokio::test(start_paused = true)]
async fn while_a_trailing_item_is_due() {
    reaches(|source| source.throttle(TIME).trailing().boxed()).await;
}

#[tokio::test(start_paused = true)]
async fn while_a_chunk_is_due() {
    reaches(|source| source.chunks().within(TIME).map(|chunk| chunk[0]).boxed()).await;
}

#[tokio::test(start_paused = true)]
async fn while_a_debounced_item_is_due() {
    reaches(|source| source.debounce(TIME).boxed()).await;
}

#[tokio::test(start_paused = true)]
async fn while_results_are_done() {
    reaches(|source| {
        source
            .par_map(3, |n| async move { n })
            .map_err(|_| Broken)
            .boxed()
    })
    .await;
    reaches(|source| {
        source
            .par_map_unordered(3, |n| async move { n })
            .map_err(|_| Broken)
            .boxed()
    })
    .await;
    let limits = KeyLimits::new(3);
    reaches(|source| {
        source
            .par_map_by_key(|n| *n, limits, |n| async move { n })
            .map_err(|_| Broken)
            .boxed()
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn while_another_input_has_items() {
    let (_one, busy) = queued();
    reaches(|source| busy.merge(source).boxed()).await;
    let (_two, busy) = queued();
    reaches(|source| merge([busy.boxed(), source.boxed()]).boxed()).await;
    let (_three, busy) = queued();
    reaches(|source| {
        merge([busy.boxed(), source.boxed()])
            .merge_map(2, |n| [n].flow().with_error())
            .boxed()
    })
    .await;
    let (_four, busy) = queued();
    reaches(|source| {
        busy.combine_latest(source.start_with([1]))
            .map(|(n, _)| n)
            .boxed()
    })
    .await;
    let (_five, busy) = queued();
    reaches(|source| busy.zip(source).map(|(n, _)| n).boxed()).await;
}

#[tokio::test(start_paused = true)]
async fn while_an_inner_flow_has_items() {
    for limit in [1, 3] {
        reaches(|source| {
            source
                .merge_map(limit, |_| {
                    let (sender, busy) = queued();
                    busy.inspect(move |_| assert!(!format!("{sender:?}").is_empty()))
                })
                .boxed()
        })
        .await;
    }
}
