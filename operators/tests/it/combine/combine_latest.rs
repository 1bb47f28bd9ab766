use std::{future::poll_fn, ops::ControlFlow, pin::pin, task::Poll};

use thalweg_core::{
    Counts, Cx, DropReason, Meter, Observable, Overflow, Plan, StageId,
    queue::{QueueReceiver, QueueSender, queue},
};
use thalweg_operators::{
    Flow, IntoFlow,
    testing::{Broken, Conform, Script, assert_marbles, cold, probe},
};

fn text((one, other): (char, char)) -> String {
    format!("{one}{other}")
}

fn counts(plan: &mut Plan) -> Counts {
    plan.refresh();
    plan.stages()[0].counts().unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_newest_of_both_whenever_either_has_one() {
    let flow = cold("    -a---b-----c-|").combine_latest(cold("---1---2|")).map(text);
    assert_marbles(flow, "---{a1}-{b1}-{b2}---{c2}-|").await;
}

#[tokio::test(start_paused = true)]
async fn completes_when_both_have() {
    assert_marbles(cold("a|").combine_latest(cold("-1--2|")).map(text), "-{a1}--{a2}|").await;
    assert_marbles(cold("-1--2|").combine_latest(cold("a|")).map(text), "-{1a}--{2a}|").await;
}

#[tokio::test(start_paused = true)]
async fn completes_at_once_when_one_does_without_an_item() {
    let flow = cold("-a-b----c|").combine_latest(cold("-----|"));
    let mut plan = flow.plan();
    assert_marbles(flow.map(text), "-----|").await;
    let counts = counts(&mut plan);
    assert_eq!((counts.received, counts.emitted, counts.in_flight()), (2, 0, 0));
    assert_eq!(counts.dropped_by(DropReason::Superseded), 1);
    assert_eq!(counts.dropped_by(DropReason::Unmatched), 1);
    assert_marbles(cold("--|").combine_latest(cold("----")).map(text), "--|").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_of_either_is_the_end() {
    let flow = cold("-a--#").combine_latest(cold("--1--2|")).map(text);
    assert_marbles(flow, "--{a1}-#").await;
    let flow = cold("-a---").combine_latest(cold("---#"));
    let mut plan = flow.plan();
    assert_marbles(flow.map(text), "---#").await;
    assert_eq!(counts(&mut plan).dropped_by(DropReason::Failed), 1);
}

#[tokio::test]
async fn an_item_that_is_paired_more_than_once_is_counted_once() {
    let flow = [1].flow().combine_latest((0..5).flow());
    let mut plan = flow.plan();
    assert_eq!(flow.count().await, Ok(5));
    let counts = counts(&mut plan);
    assert_eq!((counts.received, counts.emitted, counts.dropped()), (6, 6, 0));
}

#[tokio::test]
async fn inputs_that_always_have_items_take_turns() {
    let flow = (1..).flow().combine_latest((1..).flow());
    let seen: Vec<_> = flow.take(128).collect().await.unwrap();
    assert_eq!((seen[0], seen[63], seen[64], seen[127]), ((64, 1), (64, 64), (65, 64), (128, 64)));
}

/// Two items in a queue that is still fed: a stop does not end it.
fn queued() -> (QueueSender<u32, Broken>, Flow<QueueReceiver<u32, Broken>>) {
    let (sender, receiver) = queue(StageId::here("queue"), 2, Overflow::Wait, Meter::new());
    for item in [7, 8] {
        sender.try_send(item).unwrap();
    }
    (sender, receiver.flow())
}

#[tokio::test]
async fn a_stop_reaches_both_without_a_budget() {
    let (_sender, first) = queued();
    let (second, log) = probe(Script::Endless);
    let mut flow = pin!(first.combine_latest(second));
    for (stopping, budget) in [(false, 1), (true, 0)] {
        poll_fn(|task| {
            let mut cx = Cx::new(task).with_stop(stopping).with_budget(budget);
            let _ = flow.as_mut().poll_drain(&mut cx, |_| ControlFlow::Continue(()));
            Poll::Ready(())
        })
        .await;
        assert_eq!(log.saw_stop(), stopping);
    }
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.combine_latest(probe(Script::Items(30)).0))
        .interleaves()
        .check()
        .await;
    Conform::new(|source| probe(Script::Items(30)).0.combine_latest(source))
        .interleaves()
        .check()
        .await;
}
