use std::task::Poll;

use thalweg_core::{Cx, Drained, DropReason};
use thalweg_operators::{
    IntoFlow,
    testing::{Conform, Script, assert_marbles, cold, probe},
};

use crate::poll::poll;

#[tokio::test(start_paused = true)]
async fn a_separator_comes_between_any_two() {
    assert_marbles(cold("-a--b-------c---|").intersperse('x'), "-a--(xb)----(xc)|").await;
    assert_marbles(cold("-a-|").intersperse('x'), "-a-|").await;
    assert_marbles(cold("---|").intersperse('x'), "---|").await;
    assert_marbles(cold("-a-#").intersperse('x'), "-a-#").await;
}

#[tokio::test]
async fn an_item_survives_a_consumer_that_leaves_at_its_separator() {
    let mut flow = [1, 2].flow().intersperse(0);
    let mut plan = flow.plan();
    assert_eq!(flow.next().await, Ok(Some(1)));
    assert_eq!(flow.next().await, Ok(Some(0)));
    plan.refresh();
    assert_eq!(plan.stages()[0].counts().unwrap().in_flight(), 1);
    assert_eq!(poll(&mut flow, 0, false), (vec![], Poll::Ready(Ok(Drained::Exhausted))));
    let mut copy = flow.clone();
    assert_eq!(copy.next().await, Ok(Some(2)));
    drop((flow, copy));
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!((counts.received, counts.emitted), (3, 2));
    assert_eq!(counts.dropped_by(DropReason::Cancelled), 1);
}

#[tokio::test]
async fn a_stop_reaches_the_source_before_what_is_held_goes_out() {
    let (source, log) = probe(Script::Endless);
    let mut flow = source.intersperse(7);
    assert_eq!(flow.next().await, Ok(Some(0)));
    assert_eq!(flow.next().await, Ok(Some(7)));
    assert_eq!(poll(&mut flow, 0, true), (vec![], Poll::Ready(Ok(Drained::Exhausted))));
    assert!(log.saw_stop());
    assert_eq!(poll(&mut flow, 1, true), (vec![1], Poll::Ready(Ok(Drained::Completed))));
}

#[tokio::test]
async fn separators_are_paid_for() {
    let mut task = std::task::Context::from_waker(std::task::Waker::noop());
    let mut cx = Cx::new(&mut task).with_budget(10);
    let mut flow = std::pin::pin!([1, 2, 3].flow().intersperse(0));
    let mut seen = 0;
    let rest = thalweg_core::Observable::poll_drain(flow.as_mut(), &mut cx, |_| {
        seen += 1;
        std::ops::ControlFlow::Continue(())
    });
    assert_eq!(rest, Poll::Ready(Ok(Drained::Completed)));
    assert_eq!((seen, cx.budget()), (5, 5));
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.intersperse(1000)).check().await;
}
