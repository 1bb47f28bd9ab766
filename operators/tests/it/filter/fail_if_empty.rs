use std::task::Poll;

use thalweg_core::Drained;
use thalweg_operators::testing::{Broken, Conform, Script, assert_marbles, captured, cold, probe};

use crate::poll::poll;

#[tokio::test(start_paused = true)]
async fn an_empty_flow_fails_and_no_other() {
    assert_marbles(cold("----|").fail_if_empty(|| Broken), "----#").await;
    assert_marbles(cold("-a--|").fail_if_empty(|| Broken), "-a--|").await;
    assert_marbles(cold("-----").fail_if_empty(|| Broken), "-----").await;
}

#[tokio::test]
async fn the_error_of_the_source_goes_before_its_own() {
    let failing = probe(Script::Failing(0)).0.map_err(|_| "of the source");
    let mut flow = failing.fail_if_empty(|| "its own");
    assert_eq!(flow.next().await, Err("of the source"));
    assert_eq!(flow.next().await, Ok(None));
    let empty = probe(Script::Items(0)).0.map_err(|_| "of the source");
    let mut flow = empty.fail_if_empty(|| "its own");
    assert_eq!(flow.next().await, Err("its own"));
    assert_eq!(flow.next().await, Ok(None));
}

#[tokio::test]
async fn a_stop_before_the_first_item_is_no_empty_flow() {
    let mut flow = probe(Script::Idle(0)).0.fail_if_empty(|| Broken);
    assert_eq!(poll(&mut flow, 8, false).1, Poll::Pending);
    assert_eq!(
        poll(&mut flow, 8, true),
        (vec![], Poll::Ready(Ok(Drained::Completed)))
    );
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| {
        let kept = captured();
        source.fail_if_empty(move || kept.with(Broken))
    })
    .check()
    .await;
    Conform::new(|source| {
        let kept = captured();
        source
            .filter(|_| false)
            .fail_if_empty(move || kept.with(Broken))
    })
    .check()
    .await;
}
