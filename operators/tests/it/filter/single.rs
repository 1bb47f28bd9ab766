use std::task::Poll;

use thalweg_core::{Drained, Fault, Found};
use thalweg_operators::testing::{Broken, Conform, Script, assert_marbles, cold, probe};

use crate::poll::poll;

#[tokio::test(start_paused = true)]
async fn the_only_item_comes_with_the_end() {
    assert_marbles(cold("--a--|").single(), "-----(a|)").await;
    assert_marbles(cold("--a---").single(), "------").await;
}

#[tokio::test(start_paused = true)]
async fn none_is_an_error_at_the_end_and_a_second_at_once() {
    assert_marbles(cold("-----|").single(), "-----#").await;
    assert_marbles(cold("--a-b-c-|").single(), "----#").await;
}

#[tokio::test]
async fn the_error_tells_what_was_found_and_where() {
    let fault = probe(Script::Items(0)).0.single().next().await.unwrap_err();
    assert!(fault.is_wrong_count());
    assert_eq!(fault.stage().unwrap().name(), "single");
    let text = fault.to_string();
    assert!(text.starts_with("single at ") && text.ends_with(" found no item, not exactly one"), "{text}");

    let fault = probe(Script::Items(2)).0.single().next().await.unwrap_err();
    assert!(fault.to_string().ends_with(" found more than one item, not exactly one"));
    let Fault::WrongCount(wrong_count) = Fault::Upstream(fault).flatten() else {
        panic!("the error of the stage is that of the layer above");
    };
    assert_eq!(wrong_count.found(), Found::Several);
    assert_eq!(wrong_count.stage().name(), "single");
}

#[tokio::test]
async fn an_error_of_the_stream_passes() {
    let mut flow = probe(Script::Failing(1)).0.single();
    assert_eq!(flow.next().await, Err(Fault::Upstream(Broken)));
    assert_eq!(flow.next().await, Ok(None));
}

#[tokio::test]
async fn the_source_is_dropped_at_the_second_item() {
    let (source, log) = probe(Script::Endless);
    let mut flow = source.single();
    assert!(flow.next().await.is_err());
    assert!(log.is_dropped());
    assert_eq!(log.produced(), 2);
    assert_eq!(flow.next().await, Ok(None));
}

#[tokio::test(start_paused = true)]
async fn what_is_dropped_is_counted() {
    for (diagram, expected, counts) in [
        ("-a-|", "---(a|)", "in 1, out 1, in flight 0"),
        ("-a-b|", "---#", "in 2, out 0, dropped 2 (failed), in flight 0"),
        ("-a-#", "---#", "in 1, out 0, dropped 1 (failed), in flight 0"),
        ("-a--", "----", "in 1, out 0, dropped 1 (cancelled), in flight 0"),
    ] {
        let flow = cold(diagram).single();
        let mut plan = flow.plan();
        assert_marbles(flow, expected).await;
        plan.refresh();
        assert_eq!(plan.stages()[0].counts().unwrap().to_string(), counts);
    }
}

#[tokio::test]
async fn a_stop_before_the_first_item_is_no_error_and_after_it_hands_it_on() {
    let mut flow = probe(Script::Idle(0)).0.single();
    assert_eq!(poll(&mut flow, 8, false).1, Poll::Pending);
    assert_eq!(poll(&mut flow, 8, true), (vec![], Poll::Ready(Ok(Drained::Completed))));
    let mut flow = probe(Script::Idle(1)).0.single();
    assert_eq!(poll(&mut flow, 8, false).1, Poll::Pending);
    assert_eq!(poll(&mut flow, 0, true), (vec![], Poll::Ready(Ok(Drained::Exhausted))));
    assert_eq!(poll(&mut flow, 8, true), (vec![0], Poll::Ready(Ok(Drained::Completed))));
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.single()).check().await;
    Conform::new(|source| source.filter(|n| *n == 50).single()).check().await;
    Conform::new(|source| source.take(1).single()).handles_errors().check().await;
}
