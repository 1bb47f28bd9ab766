use std::time::Duration;

use thalweg::Fault;
use thalweg_operators::{
    IntoFlow,
    testing::{Broken, Conform, Script, assert_marbles, cold, hot, probe},
};
use tokio::time::sleep;

const LIMIT: Duration = Duration::from_millis(5);

#[tokio::test(start_paused = true)]
async fn only_the_first_item_must_not_be_late() {
    assert_marbles(cold("-------a|").timeout_first(LIMIT), "-----#").await;
    assert_marbles(cold("--------|").timeout_first(LIMIT), "-----#").await;
    assert_marbles(
        cold("-a----------b|").timeout_first(LIMIT),
        "-a----------b|",
    )
    .await;
    assert_marbles(cold("---|").timeout_first(LIMIT), "---|").await;
    assert_marbles(cold("---#").timeout_first(LIMIT), "---#").await;
}

#[tokio::test(start_paused = true)]
async fn what_comes_when_the_time_is_out_is_in_time() {
    assert_marbles(cold("-----a-|").timeout_first(LIMIT), "-----a-|").await;
    assert_marbles(cold("-----|").timeout_first(LIMIT), "-----|").await;
}

#[tokio::test(start_paused = true)]
async fn the_error_says_who_waited_and_how_long() {
    let fault = cold("-").timeout_first(LIMIT).count().await.unwrap_err();
    assert_eq!(fault.stage().unwrap().name(), "timeout_first");
    assert!(
        fault.to_string().ends_with("saw nothing for 5ms"),
        "{fault}"
    );
    let fault = cold("-#").timeout_first(LIMIT).count().await;
    assert_eq!(fault, Err(Fault::Upstream(Broken)));
}

#[tokio::test(start_paused = true)]
async fn the_time_before_the_first_poll_and_that_of_the_consumer_do_not_count() {
    let mut flow = hot("----------a---------b-|").timeout_first(LIMIT);
    sleep(Duration::from_millis(9)).await;
    assert_eq!(flow.next().await, Ok(Some('a')));
    sleep(Duration::from_millis(9)).await;
    assert_eq!(flow.next().await, Ok(Some('b')));
    assert_eq!(flow.next().await, Ok(None));
}

#[tokio::test(start_paused = true)]
async fn the_source_is_dropped_when_the_time_is_out() {
    let (source, log) = probe(Script::Idle(0));
    let mut flow = source.timeout_first(LIMIT);
    assert!(flow.next().await.unwrap_err().is_timeout());
    assert!(log.is_dropped());
    assert_eq!(flow.next().await, Ok(None));
}

#[tokio::test(start_paused = true)]
async fn a_source_that_is_busy_without_an_item_is_not_waited_for_either() {
    // The paused clock stands still while a task is busy, so it is no time that is out.
    let mut flow = (0..).flow().filter(|_| false).timeout_first(Duration::ZERO);
    assert!(flow.next().await.unwrap_err().is_timeout());
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.timeout_first(LIMIT))
        .check()
        .await;
}
