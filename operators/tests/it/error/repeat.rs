use std::{task::Poll, time::Duration};

use thalweg::{Cx, Drained};
use thalweg_operators::{
    IntoFlow,
    testing::{Conform, Script, assert_marbles, cold, hot, probe},
};

use crate::poll::poll;

fn millis(time: u64) -> Duration {
    Duration::from_millis(time)
}

#[tokio::test(start_paused = true)]
async fn rounds_follow_one_another_in_the_frame_of_the_completion() {
    assert_marbles(cold("-a-b-|").repeat().times(3), "-a-b--a-b--a-b-|").await;
    assert_marbles(cold("---|").repeat().times(3), "---------|").await;
    assert_marbles(cold("-a|").repeat().times(1), "-a|").await;
    assert_marbles(cold("-a-|").repeat().take(4), "-a--a--a--(a|)").await;
}

#[tokio::test(start_paused = true)]
async fn no_rounds_are_a_completion_at_once() {
    let (source, log) = probe(Script::Endless);
    assert_marbles(source.repeat().times(0), "|").await;
    assert_eq!(log.polls(), 0);
    assert!(log.is_dropped());
}

#[tokio::test(start_paused = true)]
async fn a_pause_lies_between_the_rounds_and_not_after_the_last() {
    let flow = cold("     -a-|").repeat().times(3).pause(millis(4));
    assert_marbles(flow, "-a------a------a-|").await;
    let flow = cold("a|").repeat().pause(Duration::ZERO).times(2);
    assert_marbles(flow, "aa|").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_is_the_end() {
    assert_marbles(cold("-a-#").repeat().times(3), "-a-#").await;
    let (source, log) = probe(Script::Failing(2));
    assert!(source.repeat().count().await.is_err());
    assert!(log.is_dropped());
}

#[tokio::test(start_paused = true)]
async fn a_hot_source_goes_on_where_it_is() {
    let source = hot("-a-b-c-d-e-|");
    let flow = source.take(2).repeat().times(2).pause(millis(1));
    assert_marbles(flow, "-a-b-c-(d|)").await;
}

#[tokio::test(start_paused = true)]
async fn a_round_is_dropped_before_the_pause() {
    let (source, log) = probe(Script::Items(1));
    let mut flow = source.repeat().times(2).pause(millis(5));
    let (items, rest) = poll(&mut flow, Cx::DEFAULT_BUDGET, false);
    assert_eq!((items, rest), (vec![0], Poll::Pending));
    assert!(!log.is_dropped(), "the one to clone is there");
    assert_eq!(flow.next().await, Ok(Some(0)));
    assert_eq!(flow.next().await, Ok(None));
    assert!(log.is_dropped());
}

#[tokio::test]
async fn a_flow_without_items_does_not_hold_the_thread() {
    let (source, log) = probe(Script::Items(0));
    let mut flow = source.repeat();
    let (_, rest) = poll(&mut flow, 100, false);
    assert_eq!(rest, Poll::Ready(Ok(Drained::Exhausted)));
    assert_eq!(log.polls(), 101);
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_a_pause_and_begins_no_round() {
    let (source, log) = probe(Script::Items(1));
    let mut flow = source.repeat().pause(millis(5));
    assert_eq!(poll(&mut flow, 8, false).1, Poll::Pending);
    let (items, rest) = poll(&mut flow, 8, true);
    assert_eq!((items, rest), (vec![], Poll::Ready(Ok(Drained::Completed))));
    assert!(log.is_dropped());

    let (source, log) = probe(Script::Items(3));
    let mut flow = source.repeat();
    assert_eq!(poll(&mut flow, 2, false).0, [0, 1]);
    let (_, rest) = poll(&mut flow, 8, true);
    assert_eq!(rest, Poll::Ready(Ok(Drained::Completed)));
    assert!(log.saw_stop() && log.is_dropped());
}

#[tokio::test]
async fn a_clone_starts_anew() {
    let twice = (0..2).flow().repeat().times(2);
    let again = twice.clone();
    assert_eq!(twice.count().await, Ok(4));
    assert_eq!(again.repeat().times(2).count().await, Ok(8));
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.repeat().times(3)).check().await;
    Conform::new(|source| source.repeat().times(2).pause(millis(3)))
        .check()
        .await;
}
