use std::task::Poll;

use thalweg_core::{Drained, Meter, Overflow, StageId, queue::queue};
use thalweg_operators::{
    IntoFlow,
    testing::{Broken, Conform, Script, assert_marbles, cold, probe},
};

use crate::poll::poll;

#[tokio::test(start_paused = true)]
async fn the_other_begins_when_the_first_was_empty() {
    let flow = cold("-----|").switch_if_empty(cold("--a--b--|"));
    assert_marbles(flow, "   -------a--b--|").await;
    assert_marbles(cold("|").switch_if_empty(cold("|")), "|").await;
    assert_marbles(cold("--").switch_if_empty(cold("a|")), "--").await;
    assert_marbles(cold("--|").switch_if_empty(cold("--#")), "----#").await;
}

#[tokio::test(start_paused = true)]
async fn the_other_is_dropped_unheard_with_the_first_item() {
    let (other, log) = probe(Script::Endless);
    let mut flow = probe(Script::Items(2)).0.switch_if_empty(other);
    assert!(!log.is_dropped());
    assert_eq!(flow.next().await, Ok(Some(0)));
    assert!(log.is_dropped());
    assert_eq!(flow.collect::<Vec<_>>().await, Ok(vec![1]));
    assert_eq!(log.polls(), 0);
    assert_marbles(cold("-a-|").switch_if_empty(cold("b|")), "-a-|").await;
}

#[tokio::test]
async fn an_error_drops_the_other_unheard() {
    let (other, log) = probe(Script::Endless);
    let mut flow = probe(Script::Failing(0)).0.switch_if_empty(other);
    assert_eq!(flow.next().await, Err(Broken));
    assert!(log.is_dropped());
    assert_eq!(log.polls(), 0);
}

#[test]
fn a_stop_reaches_the_other_while_the_first_is_not_done() {
    let (_sender, busy) = queue::<u32, _>(StageId::here("queue"), 2, Overflow::Wait, Meter::new());
    let (other, log) = probe(Script::Endless);
    let mut flow = busy.flow().switch_if_empty(other);
    assert_eq!(poll(&mut flow, 8, false), (vec![], Poll::Pending));
    assert!(!log.saw_stop());
    assert_eq!(poll(&mut flow, 0, true), (vec![], Poll::Pending));
    assert!(log.saw_stop());
}

#[test]
fn after_a_stop_the_other_completes_as_well() {
    let mut flow = probe(Script::Idle(0)).0.switch_if_empty(probe(Script::Endless).0);
    assert_eq!(poll(&mut flow, 8, false).1, Poll::Pending);
    let completed = Poll::Ready(Ok(Drained::Completed));
    assert_eq!(poll(&mut flow, 8, true), (vec![], completed));
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.switch_if_empty(probe(Script::Items(30)).0)).check().await;
    Conform::new(|source| probe(Script::Items(0)).0.switch_if_empty(source)).check().await;
}
