use std::time::Duration;

use thalweg::Fault;
use thalweg_operators::{
    IntoFlow,
    testing::{Broken, Conform, Script, assert_marbles, cold, hot, probe},
};
use tokio::time::sleep;

const LIMIT: Duration = Duration::from_millis(5);

#[tokio::test(start_paused = true)]
async fn a_gap_that_is_too_long_is_the_end() {
    let flow = cold("    ---a---b---c------d---e---|").timeout_each(LIMIT);
    assert_marbles(flow, "---a---b---c----#").await;
}

#[tokio::test(start_paused = true)]
async fn the_first_item_may_not_be_late_either() {
    assert_marbles(cold("-------a|").timeout_each(LIMIT), "-----#").await;
    assert_marbles(cold("--------|").timeout_each(LIMIT), "-----#").await;
}

#[tokio::test(start_paused = true)]
async fn what_comes_when_the_time_is_out_is_in_time() {
    assert_marbles(
        cold("-----a----b----|").timeout_each(LIMIT),
        "-----a----b----|",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_error_says_who_waited_and_how_long() {
    let fault = cold("-").timeout_each(LIMIT).count().await.unwrap_err();
    assert!(fault.is_timeout());
    assert_eq!(fault.stage().unwrap().name(), "timeout_each");
    let text = fault.to_string();
    assert!(
        text.contains("timeout_each.rs") && text.ends_with("saw nothing for 5ms"),
        "{text}"
    );
    let fault = cold("-#").timeout_each(LIMIT).count().await;
    assert_eq!(fault, Err(Fault::Upstream(Broken)));
}

#[tokio::test(start_paused = true)]
async fn the_time_of_the_consumer_and_that_before_the_first_poll_do_not_count() {
    let mut flow = hot("----------a---------b--c-|").timeout_each(LIMIT);
    sleep(Duration::from_millis(9)).await;
    assert_eq!(flow.next().await, Ok(Some('a')));
    sleep(Duration::from_millis(9)).await;
    assert_eq!(flow.next().await, Ok(Some('b')));
    sleep(Duration::from_millis(50)).await;
    assert_eq!(flow.next().await, Ok(Some('c')));
    assert_eq!(flow.next().await, Ok(None));
}

#[tokio::test(start_paused = true)]
async fn the_source_is_dropped_when_the_time_is_out() {
    let (source, log) = probe(Script::Idle(0));
    let mut flow = source.timeout_each(LIMIT);
    assert!(flow.next().await.unwrap_err().is_timeout());
    assert!(log.is_dropped());
    assert_eq!(flow.next().await, Ok(None));
}

#[tokio::test(start_paused = true)]
async fn a_source_that_is_busy_without_an_item_is_not_waited_for_either() {
    // The paused clock stands still while a task is busy, so it is no time that is out.
    let mut flow = (0..).flow().filter(|_| false).timeout_each(Duration::ZERO);
    assert!(flow.next().await.unwrap_err().is_timeout());
}

#[tokio::test(start_paused = true)]
async fn a_limit_without_end_never_fails() {
    assert_marbles(cold("-a-------|").timeout_each(Duration::MAX), "-a-------|").await;
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.timeout_each(LIMIT))
        .check()
        .await;
}
