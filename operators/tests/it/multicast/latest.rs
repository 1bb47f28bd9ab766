use std::time::Duration;

use thalweg_core::{DropReason, Fault};
use thalweg_operators::{
    IntoFlow,
    testing::{Broken, Conform, Script, assert_marbles, cold, probe},
};
use tokio::{
    task::yield_now,
    time::{sleep, timeout},
};

const FRAME: Duration = Duration::from_millis(1);

#[tokio::test(start_paused = true)]
async fn one_that_keeps_up_sees_the_source() {
    assert_marbles(cold("-a-b--c-|").latest(), "-a-b--c-|").await;
    assert_marbles(cold("-a-#").latest(), "-a-#").await;
    assert_marbles(cold("|").latest_once(), "|").await;
}

#[tokio::test(start_paused = true)]
async fn one_that_comes_late_gets_the_newest_at_once() {
    let latest = cold("-a-b---c-|").latest();
    let mut first = latest.clone();
    assert_eq!(first.next().await, Ok(Some('a')));
    sleep(FRAME * 4).await;
    assert_marbles(latest.clone(), "b-c-|").await;
    // And so does one that comes after the end.
    assert_marbles(latest, "(c|)").await;
    assert_eq!(first.next().await, Ok(Some('c')));
    assert_eq!(first.next().await, Ok(None));
}

#[tokio::test(start_paused = true)]
async fn one_that_is_slow_gets_the_newest_only_and_holds_back_nobody() {
    let latest = (0..100).flow().pace(1, FRAME).latest();
    let mut plan = latest.plan();
    assert_eq!(plan.stages()[0].holds().to_string(), "holds 1 item");
    let (mut slow, fast) = (latest.clone(), latest);
    assert_eq!(slow.next().await, Ok(Some(0)));
    let fast = tokio::spawn(fast.count());
    sleep(FRAME * 50).await;
    let newest = slow.next().await.unwrap().unwrap();
    assert!((49..=51).contains(&newest), "{newest}");
    assert_eq!(fast.await.unwrap(), Ok(100));
    assert_eq!(slow.next().await, Ok(Some(99)));
    assert_eq!(slow.next().await, Ok(None));
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!((counts.emitted, counts.in_flight()), (103, 0));
    assert_eq!(counts.dropped_by(DropReason::Overflow), counts.dropped());
}

#[tokio::test(start_paused = true)]
async fn after_an_error_the_next_starts_anew() {
    let latest = cold("-a-#").latest();
    assert_eq!(latest.clone().count().await, Err(Fault::Upstream(Broken)));
    assert_marbles(latest, "-a-#").await;
}

#[tokio::test(start_paused = true)]
async fn the_source_is_dropped_with_the_last() {
    let (source, log) = probe(Script::Idle(3));
    let latest = source.latest_once();
    let mut first = latest.clone();
    assert_eq!(first.next().await, Ok(Some(2)));
    assert!(timeout(FRAME, first.next()).await.is_err());
    drop(first);
    yield_now().await;
    assert!(log.is_dropped());
    assert_eq!(latest.count().await, Ok(0));
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.latest())
        .has_tasks()
        .any_sequence()
        .check()
        .await;
    Conform::new(|source| source.latest_once())
        .has_tasks()
        .any_sequence()
        .check()
        .await;
}

#[tokio::test]
async fn a_boxed_flow_is_shared_with_tasks_that_hold_it_while_they_wait() {
    let mut level = [3, 8].flow().boxed().latest_once();
    let task = tokio::spawn(async move {
        let newest = level.next().await;
        (newest, level.next().await)
    });
    assert_eq!(task.await.unwrap(), (Ok(Some(8)), Ok(None)));
}
