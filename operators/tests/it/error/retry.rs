use std::{sync::Arc, task::Poll, time::Duration};

use thalweg::{Cx, Drained};
use thalweg_operators::{
    error::{Backoff, RetryAfter},
    testing::{Broken, Conform, Event, Script, assert_marbles, captured, cold, probe, record},
};

use crate::poll::poll;

/// For [`Backoff::stable_for`]: the count of retries never begins anew.
const NEVER: Duration = Duration::MAX;

fn millis(time: u64) -> Duration {
    Duration::from_millis(time)
}

/// Runs a flow that fails after its item, and gives the frames of the items: when its attempts began.
async fn attempts<W: RetryAfter<Broken>>(backoff: Backoff<W>) -> Vec<u64> {
    let events = record(cold("(a#)").retry(backoff.stable_for(NEVER))).await;
    let items = events
        .into_iter()
        .filter(|(_, event)| matches!(event, Event::Item(_)));
    items.map(|(frame, _)| frame).collect()
}

#[tokio::test(start_paused = true)]
async fn the_flow_begins_again_as_often_as_it_may() {
    let at_once = Backoff::fixed(Duration::ZERO).stable_for(NEVER);
    let flow = cold("    --1-2-3-#").retry(at_once.clone().max_retries(2));
    assert_marbles(flow, "--1-2-3---1-2-3---1-2-3-#").await;
    assert_marbles(cold("--1-#").retry(at_once.max_retries(0)), "--1-#").await;
}

#[tokio::test(start_paused = true)]
async fn fixed_waits_are_all_the_same() {
    let backoff = Backoff::fixed(millis(4)).max_retries(2).stable_for(NEVER);
    let flow = cold("    ---a---b---#").retry(backoff);
    assert_marbles(flow, "---a---b----------a---b----------a---b---#").await;
}

#[tokio::test(start_paused = true)]
async fn exponential_waits_double() {
    let backoff = Backoff::exponential(millis(2), millis(10)).max_retries(5);
    assert_eq!(
        attempts(backoff.without_jitter()).await,
        [0, 2, 6, 14, 24, 34]
    );
    let backoff = Backoff::exponential(millis(2), NEVER)
        .max_retries(3)
        .stable_for(NEVER);
    let flow = cold("    ---a---#").retry(backoff.without_jitter());
    assert_marbles(flow, "---a--------a----------a--------------a---#").await;
}

#[tokio::test(start_paused = true)]
async fn exponential_waits_have_jitter_unless_told_otherwise() {
    let seeded = || {
        Backoff::exponential(millis(64), millis(128))
            .max_retries(3)
            .seed(2)
    };
    let frames = attempts(seeded()).await;
    let bounds = [0, 64, 192, 320];
    assert_eq!(frames.len(), 4);
    assert!(
        frames
            .iter()
            .zip(bounds)
            .all(|(frame, bound)| *frame <= bound)
    );
    assert_ne!(frames, bounds);
    assert_eq!(
        frames,
        attempts(seeded()).await,
        "a seed makes it repeatable"
    );
}

#[tokio::test(start_paused = true)]
async fn decorrelated_waits_lie_between_the_shortest_and_three_times_the_last() {
    let seeded = || {
        Backoff::decorrelated(millis(10), millis(100))
            .max_retries(4)
            .seed(3)
    };
    let frames = attempts(seeded()).await;
    let waits: Vec<_> = frames.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(waits.len(), 4);
    let mut last = 10;
    for wait in waits {
        // A frame more, because the runtime's timers are good to a millisecond.
        assert!(
            (10..=(last * 3 + 1).min(101)).contains(&wait),
            "{wait} after {last}"
        );
        last = wait;
    }
    assert_eq!(
        frames,
        attempts(seeded()).await,
        "a seed makes it repeatable"
    );
}

#[tokio::test(start_paused = true)]
async fn a_closure_sees_the_error_and_the_number_and_may_give_up() {
    let backoff = Backoff::with(|retry, error: &Broken| {
        assert_eq!(error, &Broken);
        (retry < 4).then(|| millis(1 << retry))
    });
    assert_eq!(attempts(backoff).await, [0, 2, 6, 14]);
}

#[tokio::test(start_paused = true)]
async fn the_first_item_begins_the_count_anew() {
    let waits = Backoff::exponential(millis(2), millis(64))
        .without_jitter()
        .max_retries(1);
    let flow = cold("    -a#").retry(waits.clone()).take(4);
    assert_marbles(flow, "-a---a---a---(a|)").await;
    assert_marbles(cold("-#").retry(waits), "----#").await;
}

#[tokio::test(start_paused = true)]
async fn stable_for_begins_the_count_anew_only_after_a_while() {
    let waits = Backoff::exponential(millis(2), millis(64)).without_jitter();
    // It fails three frames after its first item.
    let unstable = waits.clone().stable_for(millis(4));
    let flow = cold("    -a--#").retry(unstable).take(4);
    assert_marbles(flow, "-a-----a-------a-----------(a|)").await;
    let stable = waits.stable_for(millis(3));
    let flow = cold("    -a--#").retry(stable).take(4);
    assert_marbles(flow, "-a-----a-----a-----(a|)").await;
}

#[tokio::test(start_paused = true)]
async fn the_attempt_that_failed_is_dropped_before_the_wait() {
    let token = Arc::new(());
    let kept = Arc::clone(&token);
    let source = cold("(a#)").inspect(move |_| assert!(Arc::strong_count(&kept) > 1));
    let mut flow = source.retry(Backoff::fixed(millis(10)));
    assert_eq!(flow.next().await, Ok(Some('a')));
    assert_eq!(
        Arc::strong_count(&token),
        3,
        "one here, one to clone, one that runs"
    );
    let (_, rest) = poll(&mut flow, Cx::DEFAULT_BUDGET, false);
    assert_eq!(rest, Poll::Pending);
    assert_eq!(Arc::strong_count(&token), 2);
}

#[tokio::test(start_paused = true)]
async fn what_fails_further_down_is_no_reason_to_try_again() {
    let (source, log) = probe(Script::Items(5));
    let flow = source
        .retry(Backoff::fixed(Duration::ZERO))
        .map(|n| if n < 2 { Ok(n) } else { Err(Broken) })
        .raise();
    assert_eq!(flow.collect::<Vec<_>>().await, Err(Broken));
    assert_eq!(log.produced(), 3);
    assert!(log.is_dropped());
}

#[tokio::test]
async fn a_source_that_fails_at_once_does_not_hold_the_thread() {
    let mut tries = 0;
    let (source, _) = probe(Script::Failing(0));
    let mut flow = source.retry(Backoff::with(|_, _: &Broken| {
        tries += 1;
        Some(Duration::ZERO)
    }));
    let (_, rest) = poll(&mut flow, Cx::DEFAULT_BUDGET, false);
    assert_eq!(rest, Poll::Ready(Ok(Drained::Exhausted)));
    drop(flow);
    assert_eq!(tries, Cx::DEFAULT_BUDGET + 1);
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_the_wait() {
    let (source, log) = probe(Script::Failing(0));
    let mut flow = source.retry(Backoff::fixed(millis(10)));
    assert_eq!(poll(&mut flow, Cx::DEFAULT_BUDGET, false).1, Poll::Pending);
    assert_eq!(
        poll(&mut flow, Cx::DEFAULT_BUDGET, true).1,
        Poll::Ready(Ok(Drained::Completed))
    );
    assert!(log.is_dropped());
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_a_wait_that_is_over_too() {
    let (source, log) = probe(Script::Failing(0));
    let mut flow = source.retry(Backoff::fixed(Duration::ZERO));
    // The wait is over, and the budget too.
    let (_, rest) = poll(&mut flow, 1, false);
    assert_eq!(rest, Poll::Ready(Ok(Drained::Exhausted)));
    let tries = log.polls();
    let (_, rest) = poll(&mut flow, Cx::DEFAULT_BUDGET, true);
    assert_eq!(rest, Poll::Ready(Ok(Drained::Completed)));
    assert_eq!(log.polls(), tries, "there was another attempt");
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.retry(Backoff::fixed(Duration::ZERO).max_retries(0)))
        .check()
        .await;
    let backoff = Backoff::exponential(millis(3), millis(100))
        .max_retries(3)
        .stable_for(NEVER);
    Conform::new(|source| source.retry(backoff.clone()))
        .check()
        .await;
    Conform::new(|source| {
        let kept = captured();
        let wait = move |retry, _: &Broken| kept.with((retry < 3).then_some(millis(1)));
        source.retry(Backoff::with(wait).stable_for(NEVER))
    })
    .check()
    .await;
}
