use std::task::Poll;

use thalweg_core::Drained;
use thalweg_operators::{
    IntoFlow,
    testing::{Broken, Conform, Script, assert_marbles, captured, cold, probe},
};

use crate::poll::poll;

#[tokio::test(start_paused = true)]
async fn inner_flows_run_one_after_the_other() {
    let flow = cold("    a--b-------|").concat_map(|_| cold("-1--2|"));
    assert_marbles(flow, "-1--2-1--2-|").await;
}

#[tokio::test(start_paused = true)]
async fn completion_waits_for_the_inner_flow() {
    let flow = cold("    a|").concat_map(|_| cold("---1-|"));
    assert_marbles(flow, "---1-|").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_of_an_inner_flow_is_the_end() {
    let flow = cold("    a-b|").concat_map(|_| cold("-1-#"));
    assert_marbles(flow, "-1-#").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_source_comes_at_once_while_the_inner_flow_waits() {
    let flow = cold("    -a-b-----#").concat_map(|_| cold("-1-2|"));
    assert_marbles(flow, "--1-2-1-2#").await;
    // At that very instant an item of the inner flow is due as well.
    let flow = cold("    -a---#").concat_map(|_| cold("--1-2|"));
    assert_marbles(flow, "---1-#").await;
    // Not before an item that came before it.
    let flow = cold("    -a-b#").concat_map(|_| cold("--1--2|"));
    assert_marbles(flow, "---1--2#").await;
}

#[tokio::test]
async fn an_inner_flow_that_does_not_wait_goes_before_an_error_wherever_the_consumer_breaks() {
    let (source, _) = probe(Script::Failing(1));
    let mut flow = source.concat_map(|_| [1, 2].flow().with_error());
    assert_eq!(flow.next().await, Ok(Some(1)));
    assert_eq!(flow.next().await, Ok(Some(2)));
    assert_eq!(flow.next().await, Err(Broken));
}

#[tokio::test]
async fn no_item_of_the_source_is_pulled_while_an_inner_flow_runs() {
    let (source, log) = probe(Script::Endless);
    let mut flow = source.concat_map(|_| probe(Script::Idle(1)).0);
    assert_eq!(poll(&mut flow, 9, false), (vec![0], Poll::Pending));
    assert_eq!(poll(&mut flow, 9, false), (vec![], Poll::Pending));
    assert_eq!(log.produced(), 1);
    assert_eq!(
        poll(&mut flow, 9, true),
        (vec![], Poll::Ready(Ok(Drained::Completed)))
    );
    assert!(log.saw_stop());
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| {
        let kept = captured();
        source.concat_map(move |n| kept.with([n, n + 1]).flow().with_error::<Broken>())
    })
    .check()
    .await;
    Conform::new(|source| {
        let kept = captured();
        source.concat_map(move |_| kept.with(probe(Script::Stuttering(3)).0))
    })
    .check()
    .await;
}
