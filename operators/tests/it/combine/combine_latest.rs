use std::{future::poll_fn, ops::ControlFlow, pin::pin, task::Poll};

use thalweg_core::{
    Counts, Cx, Drained, DropReason, Meter, Observable, Overflow, Plan, StageId,
    queue::{QueueReceiver, QueueSender, queue},
};
use thalweg_operators::{
    Flow, IntoFlow,
    combine::combine_latest,
    testing::{Broken, Conform, Event, Marbles, Script, assert_marbles, cold, probe, record},
};

use crate::poll::poll;

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

#[test]
fn once_settled_it_emits_one_pair_a_poll() {
    let mut flow = [1, 2, 3].flow().combine_latest([10, 20].flow()).settled();
    let mut plan = flow.plan();
    let completed = Poll::Ready(Ok(Drained::Completed));
    assert_eq!(poll(&mut flow, 64, false), (vec![(3, 20)], completed));
    assert_eq!(poll(&mut flow, 64, false), (vec![], completed));
    let counts = counts(&mut plan);
    assert_eq!((counts.received, counts.emitted), (5, 2));
    assert_eq!(counts.dropped_by(DropReason::Superseded), 3);
}

#[tokio::test(start_paused = true)]
async fn what_comes_at_one_instant_settles_to_one_pair() {
    let flow = || cold("    -a--b-----c-|").combine_latest(cold("-1--2---3-|"));
    let glitches: Vec<_> = record(flow().map(text)).await;
    assert_eq!(glitches[1..3], [(4, Event::Item("b1".to_owned())), (4, Event::Item("b2".to_owned()))]);
    assert_marbles(flow().settled().map(text), "-{a1}--{b2}---{b3}-{c3}-|").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_goes_before_what_has_not_settled() {
    let flow = cold("-a-b|").combine_latest(cold("-1-#")).settled();
    let mut plan = flow.plan();
    assert_marbles(flow.map(text), "-{a1}-#").await;
    assert_eq!(counts(&mut plan).dropped_by(DropReason::Failed), 1);
    let flow = combine_latest([cold("-a-b|"), cold("-1-#")]).settled();
    let mut plan = flow.plan();
    assert_marbles(flow.map(row), "-{a1}-#").await;
    assert_eq!(counts(&mut plan).dropped_by(DropReason::Failed), 1);
}

#[test]
fn inputs_that_never_settle_are_not_waited_for() {
    let mut flow = (1..).flow().combine_latest((1..).flow()).settled();
    let exhausted = Poll::Ready(Ok(Drained::Exhausted));
    assert_eq!(poll(&mut flow, 256, false), (vec![(128, 128)], exhausted));
    let mut flow = combine_latest([(1..).flow(), (1..).flow()]).settled();
    assert_eq!(poll(&mut flow, 256, false), (vec![vec![128, 128]], exhausted));
}

fn row(row: Vec<char>) -> String {
    row.into_iter().collect()
}

#[tokio::test(start_paused = true)]
async fn the_newest_of_any_number_of_flows() {
    let flow = combine_latest([cold("--a---------b---|"), cold("----c|"), cold("------d---e---|")]);
    let mut plan = flow.plan();
    assert_marbles(flow.map(row), "------{acd}---{ace}-{bce}---|").await;
    let counts = counts(&mut plan);
    assert_eq!((counts.received, counts.emitted, counts.dropped()), (5, 5, 0));
    assert_marbles(combine_latest([cold("-a-b|")]).map(row), "-a-b|").await;
    assert_marbles(combine_latest(Vec::<Flow<Marbles>>::new()).map(row), "|").await;
}

#[tokio::test(start_paused = true)]
async fn many_complete_at_once_when_one_does_without_an_item() {
    let flow = combine_latest([cold("-a-b----c|"), cold("-----|"), cold("--1------")]);
    let mut plan = flow.plan();
    assert_marbles(flow.map(row), "-----|").await;
    let counts = counts(&mut plan);
    assert_eq!((counts.received, counts.emitted, counts.in_flight()), (3, 0, 0));
    assert_eq!(counts.dropped_by(DropReason::Superseded), 1);
    assert_eq!(counts.dropped_by(DropReason::Unmatched), 2);
}

#[tokio::test(start_paused = true)]
async fn an_error_of_any_is_the_end_of_all() {
    let flow = combine_latest([cold("-a----|"), cold("----#"), cold("--1--2|")]);
    let mut plan = flow.plan();
    assert_marbles(flow.map(row), "----#").await;
    assert_eq!(counts(&mut plan).dropped_by(DropReason::Failed), 2);
}

#[test]
fn many_settle_to_one_emission_a_poll() {
    let inputs = || [[1, 2].flow(), [10, 20].flow()];
    let completed = Poll::Ready(Ok(Drained::Completed));
    let mut flow = combine_latest(inputs());
    let rows = vec![vec![2, 10], vec![2, 20]];
    assert_eq!(poll(&mut flow, 64, false), (rows, completed));
    let mut flow = combine_latest(inputs()).settled();
    let mut plan = flow.plan();
    assert_eq!(poll(&mut flow, 64, false), (vec![vec![2, 20]], completed));
    assert_eq!(counts(&mut plan).dropped_by(DropReason::Superseded), 2);
}

#[tokio::test]
async fn what_settled_is_emitted_once_when_the_consumer_breaks() {
    let mut flow = combine_latest([[1, 2].flow(), [10, 20].flow()]).settled();
    assert_eq!(flow.next().await, Ok(Some(vec![2, 20])));
    assert_eq!(flow.next().await, Ok(None));
    let mut flow = [1, 2].flow().combine_latest([10, 20].flow()).settled();
    assert_eq!(flow.next().await, Ok(Some((2, 20))));
    assert_eq!(flow.next().await, Ok(None));
}

#[test]
fn what_waits_is_counted_when_many_are_dropped() {
    let mut flow = combine_latest([probe(Script::Idle(3)).0, probe(Script::Idle(0)).0]);
    let mut plan = flow.plan();
    assert_eq!(poll(&mut flow, 64, false), (vec![], Poll::Pending));
    assert_eq!(counts(&mut plan).in_flight(), 1);
    drop(flow);
    assert_eq!(counts(&mut plan).dropped_by(DropReason::Cancelled), 1);
}

#[test]
fn a_stop_reaches_many_without_a_budget() {
    let (_sender, first) = queued();
    let (second, log) = probe(Script::Endless);
    let mut flow = combine_latest([first.boxed(), second.boxed()]);
    assert!(!poll(&mut flow, 1, false).1.is_pending());
    assert!(!log.saw_stop());
    assert_eq!(poll(&mut flow, 0, true).0, Vec::<Vec<u32>>::new());
    assert!(log.saw_stop());
}

#[tokio::test(start_paused = true)]
async fn a_wake_polls_only_who_woke() {
    let (idle, logs): (Vec<_>, Vec<_>) = (0..1000).map(|_| probe(Script::Idle(1))).unzip();
    let awake = cold("-1-2-3-4").map(|_| 0).boxed();
    let flow = combine_latest(idle.into_iter().map(Flow::boxed).chain([awake]));
    assert_marbles(flow.map(|row| row.len() % 7), "-0-0-0-0").await;
    assert!(logs.iter().all(|log| log.polls() == 1));
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
    let others = || probe(Script::Items(30)).0;
    Conform::new(|source| source.combine_latest(others()).settled()).any_sequence().check().await;
    Conform::new(|source| combine_latest([source, others()])).interleaves().check().await;
    Conform::new(|source| combine_latest([others(), source])).interleaves().check().await;
    Conform::new(|source| combine_latest([others(), source]).settled()).any_sequence().check().await;
}
