use std::{
    future::{pending, poll_fn, ready},
    ops::ControlFlow,
    pin::pin,
    task::Poll,
    time::Duration,
};

use thalweg_core::{Cx, Drained, Observable};
use thalweg_operators::testing::{Conform, Script, assert_marbles, captured, cold, numbers, probe};
use tokio::{task::yield_now, time::sleep};

#[tokio::test(start_paused = true)]
async fn futures_run_one_after_the_other_and_in_order() {
    let flow = numbers(" -4-1-------2|").map_async(|n| async move {
        sleep(Duration::from_millis(n.into())).await;
        n
    });
    assert_marbles(flow, "-----41------(2|)").await;
}

#[tokio::test(start_paused = true)]
async fn completion_waits_for_the_future() {
    let flow = cold("    a|").map_async(|letter| async move {
        sleep(Duration::from_millis(5)).await;
        letter
    });
    assert_marbles(flow, "-----(a|)").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_stream_passes() {
    assert_marbles(cold("-a-#").map_async(ready), "-a-#").await;
}

#[tokio::test]
async fn the_source_is_not_polled_while_a_future_runs_but_for_a_stop() {
    let (source, log) = probe(Script::Endless);
    let flow = source.map_async(|_| pending::<u32>());
    let mut plan = flow.plan();
    let mut flow = pin!(flow);
    for (stopping, polls) in [(false, 1), (false, 1), (true, 2), (true, 2)] {
        poll_fn(|task| {
            let mut cx = Cx::new(task).with_stop(stopping);
            let drained = flow
                .as_mut()
                .poll_drain(&mut cx, |_| ControlFlow::Continue(()));
            assert!(drained.is_pending());
            Poll::Ready(())
        })
        .await;
        assert_eq!(log.polls(), polls);
    }
    assert!(log.saw_stop());
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!((counts.received, counts.in_flight()), (1, 1));
}

#[tokio::test]
async fn without_a_budget_nothing_that_is_done_goes_out() {
    let (source, _log) = probe(Script::Items(2));
    let mut flow = pin!(source.map_async(|n| async move {
        yield_now().await;
        n
    }));
    let mut seen = Vec::new();
    for budget in [1, 0, 1] {
        poll_fn(|task| {
            let mut cx = Cx::new(task).with_budget(budget);
            let drained = flow.as_mut().poll_drain(&mut cx, |n| {
                seen.push((budget, n));
                ControlFlow::Break(())
            });
            if budget == 0 {
                assert_eq!(drained, Poll::Ready(Ok(Drained::Exhausted)));
            }
            Poll::Ready(())
        })
        .await;
    }
    assert_eq!(seen, [(1, 0)]);
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| {
        let kept = captured();
        source.map_async(move |n| ready(kept.with(n + 1)))
    })
    .check()
    .await;
    Conform::new(|source| {
        source.map_async(|n| async move {
            yield_now().await;
            n + 1
        })
    })
    .check()
    .await;
}
