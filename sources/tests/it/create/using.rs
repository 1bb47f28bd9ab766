use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::FutureExt as _;
use thalweg::{
    operators::error::Backoff,
    prelude::*,
    sources::using,
};
use thalweg_operators::testing::{Broken, Marbles, Probe, Script, assert_marbles, cold, probe};

use crate::contract::{assert_conforms, poll};

/// What happened, in order.
type Log = Arc<Mutex<Vec<String>>>;

fn note(log: &Log, what: impl Into<String>) {
    log.lock().unwrap().push(what.into());
}

fn noted(log: &Log) -> Vec<String> {
    log.lock().unwrap().clone()
}

/// A flow that notes when its resource, a number, is acquired and released.
fn noting(
    log: &Log,
    diagram: &'static str,
) -> Flow<impl Observable<Item = char, Error = Broken> + Clone + Send + use<>> {
    let (acquired, released) = (Arc::clone(log), Arc::clone(log));
    using(
        move || {
            note(&acquired, "acquired");
            7
        },
        move |number| -> Flow<Marbles> {
            *number += 1;
            cold(diagram)
        },
        move |number, ending| note(&released, format!("released {number}: {ending:?}")),
    )
}

#[tokio::test(start_paused = true)]
async fn the_resource_is_there_from_the_first_poll_to_the_end() {
    let log = Log::default();
    let flow = noting(&log, "-a-b|");
    assert!(noted(&log).is_empty(), "it is lazy");
    let logged = Arc::clone(&log);
    let flow = flow.inspect(move |item| note(&logged, item.to_string()));
    assert_marbles(flow, "-a-b|").await;
    assert_eq!(noted(&log), ["acquired", "a", "b", "released 8: Completed"]);
}

#[tokio::test(start_paused = true)]
async fn an_error_releases_it_too_and_is_told() {
    let log = Log::default();
    assert_marbles(noting(&log, "-a-#"), "-a-#").await;
    assert_eq!(noted(&log), ["acquired", "released 8: Failed(Broken)"]);
}

#[tokio::test(start_paused = true)]
async fn it_is_released_once_though_the_flow_is_kept() {
    let log = Log::default();
    let mut flow = pin!(noting(&log, "a|"));
    while flow.next().await.unwrap().is_some() {}
    assert_eq!(noted(&log).len(), 2);
    assert_eq!(flow.next().await, Ok(None));
    assert_eq!(noted(&log), ["acquired", "released 8: Completed"]);
}

#[tokio::test(start_paused = true)]
async fn a_drop_releases_it_and_one_that_was_not_begun_has_none() {
    let log = Log::default();
    drop(noting(&log, "a-b|"));
    assert!(noted(&log).is_empty());

    let mut flow = Box::pin(noting(&log, "a-b|"));
    assert_eq!(flow.next().await, Ok(Some('a')));
    drop(flow);
    assert_eq!(noted(&log), ["acquired", "released 8: Cancelled"]);

    log.lock().unwrap().clear();
    assert_marbles(noting(&log, "ab-c|").take(2), "a(b|)").await;
    assert_eq!(noted(&log), ["acquired", "released 8: Cancelled"]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_acquired_for_a_stop_before_the_first_poll() {
    let log = Log::default();
    let mut flow = Box::pin(noting(&log, "ab|"));
    assert_eq!(poll(flow.as_mut(), 8, true).await.0, 0);
    drop(flow);
    assert!(noted(&log).is_empty());
}

#[tokio::test(start_paused = true)]
async fn every_attempt_has_a_resource_of_its_own() {
    let log = Log::default();
    let backoff = Backoff::fixed(Duration::from_millis(1)).max_retries(1);
    assert_marbles(noting(&log, "-#").retry(backoff), "---#").await;
    let attempt = ["acquired", "released 8: Failed(Broken)"];
    assert_eq!(noted(&log), [attempt, attempt].concat());
}

#[tokio::test]
async fn the_flow_is_dropped_before_its_resource_is_released() {
    for script in [Script::Items(2), Script::Failing(2), Script::Idle(2)] {
        let (source, log) = probe(script);
        let was_dropped = Arc::new(Mutex::new(None));
        let told = Arc::clone(&was_dropped);
        let mut flow = Box::pin(using(
            || (),
            |()| source,
            move |(), _| *told.lock().unwrap() = Some(log.is_dropped()),
        ));
        while let Some(Ok(Some(_))) = flow.next().now_or_never() {}
        drop(flow);
        assert_eq!(*was_dropped.lock().unwrap(), Some(true), "{script:?}");
    }
}

#[tokio::test]
async fn it_is_released_if_the_flow_cannot_be_made_or_panics() {
    let log = Log::default();
    let released = Arc::clone(&log);
    let unmade = using(
        || 7,
        |_| -> Flow<Probe> { panic!("no flow") },
        move |n, ending| note(&released, format!("{n}: {ending:?}")),
    );
    let mut unmade = Box::pin(unmade);
    assert!(catch_unwind(AssertUnwindSafe(|| unmade.next().now_or_never())).is_err());
    assert_eq!(noted(&log), ["7: Cancelled"]);
    assert_eq!(unmade.next().await, Ok(None), "it has ended");

    let released = Arc::clone(&log);
    let mut panics = Box::pin(using(
        || 8,
        |_| (0..3).flow().map(|n| 6 / (n - 1)),
        move |n, ending| note(&released, format!("{n}: {ending:?}")),
    ));
    assert_eq!(panics.next().await, Ok(Some(-6)));
    assert!(catch_unwind(AssertUnwindSafe(|| panics.next().now_or_never())).is_err());
    drop(panics);
    assert_eq!(noted(&log), ["7: Cancelled", "8: Cancelled"]);
}

#[tokio::test(start_paused = true)]
async fn it_conforms() {
    assert_conforms(|token| using(move || token, |_| (0..20).flow(), |token, _| drop(token))).await;
    assert_conforms(|token| using(|| 3, |n| (0..*n).flow(), move |_, _| drop(token))).await;
}
