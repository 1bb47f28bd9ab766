use std::{task::Poll, time::Duration};

use thalweg::Drained;
use thalweg_operators::{
    IntoFlow,
    testing::{Conform, Script, assert_marbles, captured, cold, hot, probe},
};
use tokio::time::{advance, sleep};

use crate::poll::poll;

const IDLE: Duration = Duration::from_millis(4);

#[tokio::test(start_paused = true)]
async fn a_silence_is_filled_for_as_long_as_it_lasts() {
    let flow = cold("    -a----------b--|").keep_alive(IDLE, || '.');
    assert_marbles(flow, "-a---.---.--b--|").await;
    assert_marbles(cold("-----a|").keep_alive(IDLE, || '.'), "----.a|").await;
}

#[tokio::test(start_paused = true)]
async fn an_item_or_the_end_at_that_instant_goes_first() {
    assert_marbles(cold("-a---b---|").keep_alive(IDLE, || '.'), "-a---b---|").await;
    assert_marbles(cold("-a---#").keep_alive(IDLE, || '.'), "-a---#").await;
}

#[tokio::test(start_paused = true)]
async fn every_item_is_made_anew() {
    let mut next = '0';
    let flow = cold("-----------|").keep_alive(IDLE, move || {
        let item = next;
        next = char::from(next as u8 + 1);
        item
    });
    assert_marbles(flow, "----0---1--|").await;
}

#[tokio::test(start_paused = true)]
async fn the_time_in_which_the_consumer_did_not_ask_does_not_count() {
    let mut flow = hot("-a-----------------b|").keep_alive(IDLE, || '.');
    assert_eq!(flow.next().await, Ok(Some('a')));
    sleep(Duration::from_millis(10)).await;
    let asked = tokio::time::Instant::now();
    assert_eq!(flow.next().await, Ok(Some('.')));
    assert_eq!(asked.elapsed(), IDLE);
    sleep(Duration::from_millis(10)).await;
    assert_eq!(flow.next().await, Ok(Some('b')));
    assert_eq!(flow.next().await, Ok(None));
}

#[tokio::test(start_paused = true)]
async fn its_own_items_cost_budget_and_wait_for_one() {
    let (source, _) = probe(Script::Idle(0));
    let mut flow = source.keep_alive(IDLE, || 7);
    assert_eq!(poll(&mut flow, 8, false), (vec![], Poll::Pending));
    advance(IDLE).await;
    assert_eq!(poll(&mut flow, 0, false), (vec![], Poll::Pending));
    assert_eq!(poll(&mut flow, 1, false), (vec![7], Poll::Pending));
    // A source that takes all of the budget without an item does not keep it from coming.
    let mut flow = (0..).flow().filter(|_| false).keep_alive(IDLE, || 7);
    assert!(poll(&mut flow, 8, false).0.is_empty());
    advance(IDLE).await;
    assert_eq!(
        poll(&mut flow, 8, false),
        (vec![7], Poll::Ready(Ok(Drained::Exhausted)))
    );
}

#[test]
#[should_panic(expected = "keep_alive after no time at all would never be silent")]
fn no_time_at_all_is_refused_at_the_call() {
    let _ = cold("-a|").keep_alive(Duration::ZERO, || '.');
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| {
        let kept = captured();
        source.keep_alive(IDLE, move || kept.with(7))
    })
    .check()
    .await;
}
