use std::{future::poll_fn, ops::ControlFlow, pin::pin, task::Poll};

use thalweg_core::{
    Cx, Meter, Observable, Overflow, StageId,
    queue::{QueueReceiver, QueueSender, queue},
};
use thalweg_operators::{
    Flow, IntoFlow,
    testing::{Broken, Conform, Script, assert_marbles, cold, probe},
};

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
async fn conforms() {
    Conform::new(|source| source.concat(probe(Script::Items(30)).0)).check().await;
    Conform::new(|source| probe(Script::Items(30)).0.concat(source)).check().await;
}
