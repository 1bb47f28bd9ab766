use std::{future::poll_fn, ops::ControlFlow, pin::pin, task::Poll};

use thalweg_core::{
    Cx, Drained, Meter, Observable, Overflow, StageId,
    queue::{QueueReceiver, QueueSender, queue},
};
use thalweg_operators::{
    Flow, IntoFlow,
    combine::merge,
    testing::{Broken, Conform, Marbles, assert_marbles, cold, probe, Script},
};

use crate::poll::poll;

#[tokio::test(start_paused = true)]
async fn items_come_as_they_come() {
    let flow = cold("    -a---b--|").merge(cold("--1-2--3---|"));
    assert_marbles(flow, "-a1-2b-3---|").await;
}

#[tokio::test(start_paused = true)]
async fn any_number_of_flows_merge() {
    let flow = merge([cold("-a---b|"), cold("--c|"), cold("---d---e|")]);
    assert_marbles(flow, "  -acd-b-e|").await;
    assert_marbles(merge(Vec::<Flow<Marbles>>::new()), "|").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_ends_it_at_once() {
    assert_marbles(cold("-a--#").merge(cold("--b----c|")), "-ab-#").await;
    assert_marbles(merge([cold("-a--#"), cold("--b----c|")]), "-ab-#").await;
}

#[tokio::test]
async fn inputs_that_always_have_items_take_turns() {
    let both = (0..).flow().map(|_| 'a').merge((0..).flow().map(|_| 'b'));
    let seen: String = both.take(256).collect().await.unwrap();
    assert_eq!(seen, ["a", "b", "a", "b"].map(|turn| turn.repeat(64)).concat());
    let all = merge(["a", "b", "c"].map(|name| (0..).flow().map(move |_| name)));
    let seen: String = all.take(256).collect().await.unwrap();
    assert_eq!(seen, ["a", "b", "c", "a"].map(|turn| turn.repeat(64)).concat());
}

/// Polls once with a small budget, then once with the stop flag and none.
async fn stop_without_budget(flow: Flow<impl Observable>) {
    let mut flow = pin!(flow);
    for (stopping, budget) in [(false, 3), (true, 0)] {
        poll_fn(|task| {
            let mut cx = Cx::new(task).with_stop(stopping).with_budget(budget);
            let _ = flow.as_mut().poll_drain(&mut cx, |_| ControlFlow::Break(()));
            Poll::Ready(())
        })
        .await;
    }
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
async fn a_stop_reaches_all_without_a_budget() {
    let (_sender, busy) = queued();
    let (other, log) = probe(Script::Endless);
    stop_without_budget(busy.merge(other)).await;
    assert!(log.saw_stop());
    let (_sender, busy) = queued();
    let (other, log) = probe(Script::Endless);
    stop_without_budget(merge([busy.boxed(), other.boxed()])).await;
    assert!(log.saw_stop());
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.merge(probe(Script::Items(30)).0)).interleaves().check().await;
    Conform::new(|source| merge([source, probe(Script::Items(30)).0])).interleaves().check().await;
    Conform::new(|source| source.merge(probe(Script::Items(30)).0).delay_errors())
        .interleaves()
        .check()
        .await;
    Conform::new(|source| merge([source, probe(Script::Items(30)).0]).delay_errors())
        .interleaves()
        .check()
        .await;
}

#[tokio::test(start_paused = true)]
async fn delayed_errors_come_when_all_have_ended() {
    let flow = cold("-a--#").merge(cold("--b----c|")).delay_errors();
    assert_marbles(flow, "-ab----c#").await;
    let flow = cold("--b----c|").merge(cold("-a--#")).delay_errors();
    assert_marbles(flow, "-ab----c#").await;
    assert_marbles(cold("-a|").merge(cold("--b|")).delay_errors(), "-ab|").await;
    let flow = merge([cold("-a--#"), cold("--b----c|"), cold("--#")]).delay_errors();
    assert_marbles(flow, "-ab----c#").await;
    assert_marbles(merge([cold("-a|"), cold("--b|")]).delay_errors(), "-ab|").await;
    assert_marbles(cold("-#").merge(cold("---")).delay_errors(), "-").await;
}

#[tokio::test]
async fn of_delayed_errors_the_first_is_told_once_and_the_input_is_dropped_at_once() {
    let failing = |items: u32, name| probe(Script::Failing(items)).0.map_err(move |_| name);
    let both = failing(2, "late").merge(failing(1, "early")).delay_errors();
    // The second has its turn when the first has ended.
    assert_eq!(both.clone().collect::<Vec<_>>().await, Err("late"));
    let mut all = merge([failing(2, "late").boxed(), failing(1, "early").boxed()]).delay_errors();
    for item in [0, 1, 0] {
        assert_eq!(all.next().await, Ok(Some(item)));
    }
    assert_eq!(all.next().await, Err("late"));
    assert_eq!(all.next().await, Ok(None));

    let (source, log) = probe(Script::Failing(1));
    let mut flow = source.merge(probe(Script::Endless).0).delay_errors();
    for item in [0, 0, 1, 2] {
        assert_eq!(flow.next().await, Ok(Some(item)));
    }
    assert!(log.is_dropped());
}

#[tokio::test]
async fn inputs_that_wake_after_an_error_are_not_looked_for() {
    let failing = probe(Script::Failing(0)).0;
    let mut flow = merge([failing, probe(Script::Endless).0]);
    assert_eq!(flow.next().await, Err(Broken));
    assert!(matches!(poll(&mut flow, 8, false).1, Poll::Ready(Ok(Drained::Completed))));
}

#[tokio::test]
async fn a_clone_goes_on_where_the_other_is() {
    let mut flow = merge([vec![1], vec![2, 3, 4], vec![5]].map(IntoFlow::flow));
    for item in [1, 2] {
        assert_eq!(flow.next().await, Ok(Some(item)));
    }
    assert_eq!(flow.clone().collect::<Vec<_>>().await, Ok(vec![3, 4, 5]));
    assert_eq!(flow.collect::<Vec<_>>().await, Ok(vec![3, 4, 5]));
}

#[tokio::test(start_paused = true)]
async fn inputs_that_do_not_wake_are_not_polled() {
    let (idle, logs): (Vec<_>, Vec<_>) = (0..1000).map(|_| probe(Script::Idle(0))).unzip();
    let awake = probe(Script::Stuttering(50)).0.boxed();
    let flow = merge(idle.into_iter().map(Flow::boxed).chain([awake]));
    assert_eq!(flow.take(50).count().await, Ok(50));
    assert!(logs.iter().all(|log| log.polls() == 1));
}
