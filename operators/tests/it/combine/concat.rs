use std::{future::poll_fn, ops::ControlFlow, pin::pin, task::Poll};

use thalweg_core::{
    Cx, Drained, Meter, Observable, Overflow, StageId,
    queue::{QueueReceiver, QueueSender, queue},
};
use thalweg_operators::{
    Flow, IntoFlow,
    combine::concat,
    testing::{Broken, Conform, Marbles, Script, assert_marbles, cold, probe},
};

use crate::poll::poll;

#[tokio::test(start_paused = true)]
async fn the_other_begins_when_the_first_has_completed() {
    let flow = cold("    --a--b-|").concat(cold("--x---y--|"));
    assert_marbles(flow, "--a--b---x---y--|").await;
    assert_marbles(cold("-a|").concat(cold("b|")), "-ab|").await;
    assert_marbles(cold("-a-").concat(cold("b|")), "-a-").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_first_drops_the_other_unheard() {
    let (other, log) = probe(Script::Endless);
    assert_marbles(cold("-a-#").concat(other.map(|_| ' ')), "-a-#").await;
    assert_eq!(log.polls(), 0);
    assert!(log.is_dropped());
    assert_marbles(cold("-a|").concat(cold("-b-#")), "-a-b-#").await;
}

#[tokio::test]
async fn the_first_is_dropped_when_the_other_begins() {
    let (first, log) = probe(Script::Items(1));
    let mut flow = first.concat(probe(Script::Endless).0);
    assert_eq!(flow.next().await, Ok(Some(0)));
    assert!(!log.is_dropped());
    assert_eq!(flow.next().await, Ok(Some(0)));
    assert!(log.is_dropped());
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
async fn a_stop_reaches_the_other_while_the_first_is_not_done() {
    let (_sender, first) = queued();
    let (other, log) = probe(Script::Endless);
    let mut flow = pin!(first.concat(other));
    let mut seen = Vec::new();
    for stopping in [false, true] {
        poll_fn(|task| {
            let mut cx = Cx::new(task).with_stop(stopping);
            let _ = flow.as_mut().poll_drain(&mut cx, |n| {
                seen.push(n);
                ControlFlow::Break(())
            });
            Poll::Ready(())
        })
        .await;
        assert_eq!(log.saw_stop(), stopping);
    }
    assert_eq!(seen, [7, 8]);
}

#[tokio::test(start_paused = true)]
async fn any_number_of_flows_follow_one_another() {
    let flow = concat([cold("--a--|"), cold("-b|"), cold("|"), cold("--c--|")]);
    assert_marbles(flow, "   --a---b--c--|").await;
    assert_marbles(concat([cold("-a|"), cold("--#"), cold("b|")]), "-a--#").await;
    assert_marbles(concat(Vec::<Flow<Marbles>>::new()), "|").await;
}

#[tokio::test]
async fn those_behind_are_not_polled_and_an_error_drops_them_unheard() {
    let (second, log) = probe(Script::Failing(1));
    let (third, third_log) = probe(Script::Endless);
    let mut flow = concat([probe(Script::Items(2)).0, second, third]);
    assert_eq!(flow.next().await, Ok(Some(0)));
    assert_eq!((flow.next().await, log.polls()), (Ok(Some(1)), 0));
    assert_eq!(flow.next().await, Ok(Some(0)));
    assert_eq!(flow.next().await, Err(Broken));
    assert_eq!(third_log.polls(), 0);
    assert!(third_log.is_dropped());
}

#[test]
fn a_stop_reaches_all_of_many_and_what_is_in_flight_still_comes() {
    let (first_sender, first) = queued();
    let (second_sender, second) = queued();
    let (last, log) = probe(Script::Endless);
    let mut flow = concat([first.boxed(), probe(Script::Idle(0)).0.boxed(), second.boxed(), last.boxed()]);
    assert_eq!(poll(&mut flow, 1, false).0, [7]);
    assert!(!log.saw_stop());
    assert!(poll(&mut flow, 0, true).0.is_empty());
    assert!(log.saw_stop());
    drop((first_sender, second_sender));
    let completed = Poll::Ready(Ok(Drained::Completed));
    assert_eq!(poll(&mut flow, 8, true), (vec![8, 7, 8], completed));
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.concat(probe(Script::Items(30)).0)).check().await;
    Conform::new(|source| probe(Script::Items(30)).0.concat(source)).check().await;
    let others = || probe(Script::Items(30)).0;
    Conform::new(|source| concat([source, others()])).check().await;
    Conform::new(|source| concat([others(), source, others()])).check().await;
}
