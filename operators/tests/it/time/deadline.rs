use std::{task::Poll, time::Duration};

use thalweg::Fault;
use thalweg_operators::testing::{Broken, Conform, Script, assert_marbles, cold, hot, probe};
use tokio::time::{advance, sleep};

use crate::poll::poll;

const LIMIT: Duration = Duration::from_millis(5);

#[tokio::test(start_paused = true)]
async fn the_end_must_come_in_time_whatever_else_does() {
    assert_marbles(cold("-a-b-c-d|").deadline(LIMIT), "-a-b-(c#)").await;
    assert_marbles(cold("-a-b|").deadline(LIMIT), "-a-b|").await;
    assert_marbles(cold("-a-b#").deadline(LIMIT), "-a-b#").await;
    assert_marbles(cold("-").deadline(LIMIT), "-----#").await;
}

#[tokio::test(start_paused = true)]
async fn what_comes_at_the_deadline_is_in_time() {
    assert_marbles(cold("-----(a|)").deadline(LIMIT), "-----(a|)").await;
    assert_marbles(cold("-----|").deadline(LIMIT), "-----|").await;
}

#[tokio::test(start_paused = true)]
async fn after_the_deadline_nothing_comes_but_the_error() {
    let mut flow = hot("--a---b--|").deadline(LIMIT);
    assert_eq!(flow.next().await, Ok(Some('a')));
    // The time of the consumer counts.
    sleep(Duration::from_millis(5)).await;
    assert!(flow.next().await.unwrap_err().is_timeout());
    assert_eq!(flow.next().await, Ok(None));
}

#[tokio::test(start_paused = true)]
async fn a_source_that_never_waits_is_no_excuse() {
    let (source, log) = probe(Script::Endless);
    let mut flow = source.deadline(LIMIT);
    assert_eq!(poll(&mut flow, 8, false).0.len(), 8);
    advance(LIMIT).await;
    let (items, rest) = poll(&mut flow, 8, false);
    assert_eq!(items.len(), 8);
    let Poll::Ready(Err(fault)) = rest else {
        panic!("it goes on: {rest:?}");
    };
    assert!(log.is_dropped());
    assert_eq!(fault.stage().unwrap().name(), "deadline");
    let text = fault.to_string();
    assert!(text.ends_with("did not see the end within 5ms"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn the_time_counts_from_the_first_poll() {
    let flow = cold("--a|").deadline(LIMIT);
    sleep(Duration::from_millis(9)).await;
    assert_marbles(flow, "--a|").await;
    let end = cold("-#").deadline(LIMIT).count().await;
    assert_eq!(end, Err(Fault::Upstream(Broken)));
    assert_marbles(cold("---a|").deadline(Duration::MAX), "---a|").await;
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.deadline(LIMIT)).check().await;
}
