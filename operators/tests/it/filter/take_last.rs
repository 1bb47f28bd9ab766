use std::{ops::ControlFlow, pin::Pin, task::{Context, Poll, Waker}};

use thalweg_core::{Cx, Drained, Holds, Observable};
use thalweg_operators::{
    testing::{Conform, Script, assert_marbles, cold, probe},
    transform::UNLIMITED,
};

use crate::poll::poll;

#[tokio::test(start_paused = true)]
async fn the_last_items_come_with_the_end() {
    assert_marbles(cold("--a--b--c--|").take_last(2), "-----------(bc|)").await;
    assert_marbles(cold("--a--b--c--|").take_last(3), "-----------(abc|)").await;
    assert_marbles(cold("--a--b--c--|").take_last(UNLIMITED), "-----------(abc|)").await;
    assert_marbles(cold("----|").take_last(2), "----|").await;
}

#[tokio::test(start_paused = true)]
async fn of_none_the_source_is_never_polled() {
    let (source, log) = probe(Script::Endless);
    assert_marbles(source.take_last(0), "|").await;
    assert_eq!(log.polls(), 0);
    assert!(log.is_dropped());
}

#[tokio::test(start_paused = true)]
async fn what_is_dropped_is_counted() {
    for (diagram, expected, counts) in [
        ("-a-b-c|", "------(bc|)", "in 3, out 2, dropped 1 (superseded), in flight 0"),
        ("-a-b-c#", "------#", "in 3, out 0, dropped 1 (superseded), dropped 2 (failed), in flight 0"),
        ("-a-b-c-", "-------", "in 3, out 0, dropped 1 (superseded), dropped 2 (cancelled), in flight 0"),
    ] {
        let flow = cold(diagram).take_last(2);
        let mut plan = flow.plan();
        assert_eq!(plan.bound(), Some(2));
        assert_marbles(flow, expected).await;
        plan.refresh();
        assert_eq!(plan.stages()[0].counts().unwrap().to_string(), counts);
    }
}

#[tokio::test]
async fn what_is_held_comes_within_the_budget_and_survives_a_break() {
    let mut flow = probe(Script::Items(7)).0.take_last(5);
    let mut plan = flow.plan();
    assert_eq!(poll(&mut flow, 7, false), (vec![], Poll::Ready(Ok(Drained::Exhausted))));
    assert_eq!(poll(&mut flow, 2, false), (vec![2, 3], Poll::Ready(Ok(Drained::Exhausted))));
    let mut task = Context::from_waker(Waker::noop());
    let mut taken = 0;
    let stopped = Pin::new(&mut flow).poll_drain(&mut Cx::new(&mut task), |n| {
        taken = n;
        ControlFlow::Break(())
    });
    assert_eq!((taken, stopped), (4, Poll::Ready(Ok(Drained::Stopped))));
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!(counts.to_string(), "in 7, out 3, dropped 2 (superseded), in flight 2");
    assert_eq!(poll(&mut flow, 8, false), (vec![5, 6], Poll::Ready(Ok(Drained::Completed))));
}

#[tokio::test]
async fn a_stop_hands_on_what_are_the_last_by_then() {
    let mut flow = probe(Script::Idle(3)).0.take_last(2);
    assert_eq!(poll(&mut flow, 8, false), (vec![], Poll::Pending));
    assert_eq!(poll(&mut flow, 8, true), (vec![1, 2], Poll::Ready(Ok(Drained::Completed))));
}

#[test]
fn without_a_limit_it_holds_without_bound() {
    let plan = cold("|").take_last(UNLIMITED).plan();
    assert_eq!(plan.stages()[0].holds(), Holds::Unbounded);
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    for count in [1, 30, UNLIMITED] {
        Conform::new(|source| source.take_last(count)).check().await;
    }
    Conform::new(|source| source.take_last(0)).handles_errors().check().await;
}
