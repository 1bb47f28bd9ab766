use std::task::Poll;

use thalweg_core::Drained;
use thalweg_operators::testing::{Conform, Script, assert_marbles, cold, probe};

use crate::poll::poll;

#[tokio::test(start_paused = true)]
async fn the_last_item_comes_with_the_end() {
    assert_marbles(cold("--a----b--c--|").last(), "-------------(c|)").await;
    assert_marbles(cold("--(a|)").last(), "--(a|)").await;
}

#[tokio::test(start_paused = true)]
async fn of_an_empty_flow_nothing_comes_and_an_error_passes_at_once() {
    assert_marbles(cold("----|").last(), "----|").await;
    assert_marbles(cold("--a-#").last(), "----#").await;
    assert_marbles(cold("--a--").last(), "-----").await;
}

#[tokio::test(start_paused = true)]
async fn what_is_dropped_is_counted() {
    for (diagram, expected, counts) in [
        ("-a-b-c|", "------(c|)", "in 3, out 1, dropped 2 (superseded), in flight 0"),
        ("-a-b-c#", "------#", "in 3, out 0, dropped 2 (superseded), dropped 1 (failed), in flight 0"),
        ("-a-b-c-", "-------", "in 3, out 0, dropped 2 (superseded), dropped 1 (cancelled), in flight 0"),
    ] {
        let flow = cold(diagram).last();
        let mut plan = flow.plan();
        assert_marbles(flow, expected).await;
        plan.refresh();
        assert_eq!(plan.stages()[0].counts().unwrap().to_string(), counts);
    }
}

#[tokio::test]
async fn a_stop_hands_on_what_is_the_last_by_then() {
    let mut flow = probe(Script::Idle(3)).0.last();
    assert_eq!(poll(&mut flow, 8, false), (vec![], Poll::Pending));
    assert_eq!(poll(&mut flow, 0, true), (vec![], Poll::Ready(Ok(Drained::Exhausted))));
    assert_eq!(poll(&mut flow, 8, true), (vec![2], Poll::Ready(Ok(Drained::Completed))));
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.last()).check().await;
    Conform::new(|source| source.filter(|_| false).last()).check().await;
}
