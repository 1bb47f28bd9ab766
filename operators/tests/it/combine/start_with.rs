use std::{future::poll_fn, ops::ControlFlow, pin::pin, task::Poll};

use thalweg_core::{Cx, Drained, Observable};
use thalweg_operators::testing::{Conform, Script, assert_marbles, cold, probe};

#[tokio::test(start_paused = true)]
async fn the_items_come_first_and_at_once() {
    assert_marbles(cold("--a--|").start_with(['x']), "x-a--|").await;
    assert_marbles(cold("(a|)").start_with(['x', 'y']), "(xya|)").await;
    assert_marbles(cold("--|").start_with([]), "--|").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_passes() {
    assert_marbles(cold("--#").start_with(['x']), "x-#").await;
}

#[tokio::test]
async fn the_source_is_not_polled_before_the_items_are_out() {
    let (source, log) = probe(Script::Items(1));
    let mut flow = source.start_with([7, 8]);
    for expected in [7, 8] {
        assert_eq!(flow.next().await, Ok(Some(expected)));
        assert_eq!(log.polls(), 0);
    }
    assert_eq!(flow.next().await, Ok(Some(0)));
}

#[tokio::test]
async fn what_is_left_is_not_emitted_after_a_stop() {
    let (source, log) = probe(Script::Endless);
    let mut flow = pin!(source.start_with(7..));
    let mut seen = Vec::new();
    let mut ends = Vec::new();
    for stopping in [false, true] {
        let end = poll_fn(|task| {
            let mut cx = Cx::new(task).with_stop(stopping).with_budget(2);
            Poll::Ready(flow.as_mut().poll_drain(&mut cx, |n| {
                seen.push(n);
                ControlFlow::Continue(())
            }))
        })
        .await;
        ends.push(end);
    }
    assert_eq!(seen, [7, 8]);
    assert_eq!(ends, [Drained::Exhausted, Drained::Completed].map(|end| Poll::Ready(Ok(end))));
    assert!(log.saw_stop());
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.start_with([1, 2, 3])).check().await;
    Conform::new(|source| source.start_with([])).check().await;
}
