use std::{
    future::{pending, ready},
    ops::ControlFlow,
    pin::Pin,
    task::Poll,
    time::Duration,
};

use thalweg_core::{Cx, Drained, Observable};
use thalweg_operators::{
    IntoFlow,
    testing::{Broken, Conform, Script, assert_marbles, captured, numbers, probe},
};
use tokio::time::sleep;

use crate::poll::poll;

async fn is_even_after(frames: u64, n: u32) -> bool {
    sleep(Duration::from_millis(frames)).await;
    n.is_multiple_of(2)
}

#[tokio::test(start_paused = true)]
async fn what_the_future_says_yes_to_passes_when_it_is_done() {
    let flow = numbers(" -1----2---4-|").filter_async(|n| is_even_after(2, *n));
    assert_marbles(flow, "--------2---(4|)").await;
}

#[tokio::test(start_paused = true)]
async fn futures_run_one_at_a_time_and_the_end_waits_for_the_last() {
    let flow = numbers(" (246)|").filter_async(|n| is_even_after(3, *n));
    assert_marbles(flow, "---2--4--(6|)").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_passes() {
    let flow = numbers(" -2-#").filter_async(|n| is_even_after(1, *n));
    assert_marbles(flow, "--2#").await;
}

#[tokio::test(start_paused = true)]
async fn what_is_dropped_is_counted() {
    let flow = numbers("-1-2-3-4").filter_async(|n| {
        let n = *n;
        async move { if n < 4 { n % 2 == 0 } else { pending().await } }
    });
    let mut plan = flow.plan();
    assert_marbles(flow, "---2").await;
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!(
        counts.to_string(),
        "in 4, out 1, dropped 2 (rejected), dropped 1 (cancelled), in flight 0"
    );
}

#[tokio::test]
async fn a_stop_reaches_the_source_while_a_future_runs_and_its_item_still_comes() {
    let (told, heard) = tokio::sync::watch::channel(false);
    let (source, log) = probe(Script::Idle(1));
    let mut flow = source
        .filter_async(|_| {
            let mut heard = heard.clone();
            async move { heard.wait_for(|told| *told).await.is_ok() }
        })
        .boxed();
    assert_eq!(poll(&mut flow, 8, false), (vec![], Poll::Pending));
    assert_eq!(poll(&mut flow, 8, true), (vec![], Poll::Pending));
    assert!(log.saw_stop());
    told.send(true).unwrap();
    assert_eq!(poll(&mut flow, 8, true).0, [0]);
}

/// Has one item, and fails when it is asked to stop.
#[derive(Debug)]
struct FailsOnStop {
    begun: bool,
}

impl Observable for FailsOnStop {
    type Item = u32;
    type Error = Broken;

    fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: F,
    ) -> Poll<Result<Drained, Broken>>
    where
        F: FnMut(u32) -> ControlFlow<()>,
    {
        if cx.stopping() {
            return Poll::Ready(Err(Broken));
        }
        if !std::mem::replace(&mut self.begun, true) && cx.spend() && emit(0).is_break() {
            return Poll::Ready(Ok(Drained::Stopped));
        }
        Poll::Pending
    }
}

#[tokio::test]
async fn an_error_that_answers_a_stop_drops_the_future_and_its_item() {
    let mut flow = FailsOnStop { begun: false }
        .flow()
        .filter_async(|_| pending());
    let mut plan = flow.plan();
    assert_eq!(poll(&mut flow, 8, false), (vec![], Poll::Pending));
    assert_eq!(poll(&mut flow, 8, true), (vec![], Poll::Ready(Err(Broken))));
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!(
        counts.to_string(),
        "in 1, out 0, dropped 1 (failed), in flight 0"
    );
    assert_eq!(
        poll(&mut flow, 8, true),
        (vec![], Poll::Ready(Ok(Drained::Completed)))
    );
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.filter_async(|n| is_even_after(0, *n)).boxed())
        .check()
        .await;
    Conform::new(|source| source.filter_async(|n| is_even_after(2, *n)).boxed())
        .check()
        .await;
    Conform::new(|source| {
        let kept = captured();
        source.filter_async(move |_| ready(kept.with(true)))
    })
    .check()
    .await;
    Conform::new(|source| source.filter_async(|_| ready(false)))
        .check()
        .await;
}
