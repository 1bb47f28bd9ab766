use std::{task::Poll, time::Duration};

use thalweg::Drained;
use thalweg_operators::testing::{Conform, assert_marbles, cold, hot};
use tokio::time::{advance, sleep};

use crate::poll::poll;

const WINDOW: Duration = Duration::from_millis(4);

#[tokio::test(start_paused = true)]
async fn the_first_item_of_a_window_comes_at_once() {
    let flow = cold("    -a-xy-----b--x--cxxx--|").throttle(WINDOW);
    assert_marbles(flow, "-a--------b-----c-----|").await;
    let flow = cold("    -a-xy-----b--x--cxxx--|")
        .throttle(WINDOW)
        .both()
        .leading();
    assert_marbles(flow, "-a--------b-----c-----|").await;
}

#[tokio::test(start_paused = true)]
async fn trailing_hands_on_the_last_item_at_the_end_of_the_window() {
    let flow = cold("    -a-xy-----b--x--cxxx--|")
        .throttle(WINDOW)
        .trailing();
    assert_marbles(flow, "-----y--------x---x---(x|)").await;
    let flow = cold("    -a-xy-----b--x--cxx-|")
        .throttle(WINDOW)
        .trailing();
    assert_marbles(flow, "-----y--------x---x-|").await;
}

#[tokio::test(start_paused = true)]
async fn both_hands_on_the_first_and_the_last() {
    let flow = cold("    -a-xy-----b--x--cxxx--|").throttle(WINDOW).both();
    assert_marbles(flow, "-a---y----b---x---x---(x|)").await;
}

#[tokio::test(start_paused = true)]
async fn one_item_in_a_window_comes_once() {
    assert_marbles(cold("-a--------|").throttle(WINDOW), "-a--------|").await;
    assert_marbles(cold("-a--------|").throttle(WINDOW).both(), "-a--------|").await;
    assert_marbles(
        cold("-a--------|").throttle(WINDOW).trailing(),
        "-----a----|",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_item_at_the_end_of_a_window_belongs_to_it() {
    assert_marbles(cold("-a---b----|").throttle(WINDOW), "-a--------|").await;
    assert_marbles(
        cold("-a---b----|").throttle(WINDOW).trailing(),
        "-----b----|",
    )
    .await;
    assert_marbles(cold("-a----b---|").throttle(WINDOW), "-a----b---|").await;
}

#[tokio::test(start_paused = true)]
async fn completion_waits_for_the_window_of_a_trailing_item_and_for_no_other() {
    assert_marbles(cold("-a-b|").throttle(WINDOW), "-a--|").await;
    assert_marbles(cold("-a-b|").throttle(WINDOW).both(), "-a---(b|)").await;
    assert_marbles(cold("-a-b|").throttle(WINDOW).trailing(), "-----(b|)").await;
    assert_marbles(cold("-a-|").throttle(WINDOW).both(), "-a-|").await;
    let flow = cold("    -a--------xy|").throttle(WINDOW).both();
    assert_marbles(flow, "-a--------x---(y|)").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_passes_at_once_and_what_is_dropped_is_counted() {
    let flow = cold("-abcd---e-f#").throttle(WINDOW).both();
    let mut plan = flow.plan();
    assert_marbles(flow, "-a---d---e-#").await;
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!(
        counts.to_string(),
        "in 6, out 3, dropped 2 (superseded), dropped 1 (failed), in flight 0"
    );
}

#[tokio::test(start_paused = true)]
async fn a_window_that_ended_while_nobody_polled_goes_before_what_comes_after_it() {
    let mut flow = hot("ab------c---|").throttle(WINDOW).both();
    assert_eq!(flow.next().await, Ok(Some('a')));
    let mut task = std::task::Context::from_waker(std::task::Waker::noop());
    sleep(Duration::from_millis(1)).await;
    assert!(
        std::pin::Pin::new(&mut flow.next())
            .poll(&mut task)
            .is_pending()
    );
    sleep(Duration::from_millis(7)).await;
    assert_eq!(flow.next().await, Ok(Some('b')));
    assert_eq!(flow.next().await, Ok(Some('c')));
    assert_eq!(flow.next().await, Ok(None));
}

#[tokio::test(start_paused = true)]
async fn a_window_without_end_lets_one_item_through() {
    let flow = cold("    -a-b-c--|").throttle(Duration::MAX);
    assert_marbles(flow, "-a------|").await;
}

#[tokio::test(start_paused = true)]
async fn without_a_budget_nothing_comes_and_nothing_is_lost() {
    let mut flow = cold("(ab)").throttle(WINDOW).both();
    assert_eq!(poll(&mut flow, 8, false).0, ['a']);
    for wait in [WINDOW, WINDOW] {
        advance(wait).await;
        let (items, rest) = poll(&mut flow, 0, true);
        assert_eq!(
            (items.len(), rest),
            (0, Poll::Ready(Ok(Drained::Exhausted)))
        );
    }
    let (items, rest) = poll(&mut flow, 8, true);
    assert_eq!(
        (items, rest),
        (vec!['b'], Poll::Ready(Ok(Drained::Completed)))
    );
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.throttle(WINDOW)).check().await;
    Conform::new(|source| source.throttle(WINDOW).trailing())
        .check()
        .await;
    Conform::new(|source| source.throttle(WINDOW).both())
        .check()
        .await;
    // A window of no time is over at the next poll, so its items depend on the polls.
    Conform::new(|source| source.throttle(Duration::ZERO).both())
        .any_sequence()
        .check()
        .await;
}
