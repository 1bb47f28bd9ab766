use std::task::Poll;

use thalweg_core::{Drained, Meter, Overflow, StageId, queue::queue};
use thalweg_operators::{
    IntoFlow,
    testing::{Broken, Conform, Script, assert_marbles, cold, probe},
};

use crate::poll::poll;

#[tokio::test(start_paused = true)]
async fn so_many_of_one_then_so_many_of_the_other() {
    let flow = cold("    --1-2-----3-4---|").interleave(cold("(abc|)"), 2);
    assert_marbles(flow, "--1-(2ab)-3-(4c)|").await;
    let flow = cold("    (123|)").interleave(cold("(abc|)"), 1);
    assert_marbles(flow, "(1a2b3c|)").await;
}

#[tokio::test(start_paused = true)]
async fn the_one_whose_turn_it_is_is_waited_for() {
    let flow = cold("    -----1-----(2|)").interleave(cold("(abcd|)"), 1);
    assert_marbles(flow, "-----(1a)--(2bcd|)").await;
}

#[tokio::test]
async fn the_rest_of_the_other_comes_when_one_has_ended() {
    let all = [1, 2, 3, 4, 5].flow().interleave([10].flow(), 2);
    assert_eq!(all.collect::<Vec<_>>().await, Ok(vec![1, 2, 10, 3, 4, 5]));
    let all = [1].flow().interleave([10, 20, 30, 40].flow(), 3);
    assert_eq!(all.collect::<Vec<_>>().await, Ok(vec![1, 10, 20, 30, 40]));
    let all = std::iter::empty().flow().interleave([10, 20].flow(), 1);
    assert_eq!(all.collect::<Vec<_>>().await, Ok(vec![10, 20]));
}

#[tokio::test]
async fn a_break_does_not_change_whose_turn_it_is() {
    let mut flow = (0..3).flow().interleave((10..13).flow(), 2);
    let mut seen = Vec::new();
    while let Ok(Some(n)) = flow.next().await {
        seen.push(n);
    }
    assert_eq!(seen, [0, 1, 10, 11, 2, 12]);
}

#[tokio::test(start_paused = true)]
async fn an_error_comes_when_it_is_its_turn_and_drops_the_other() {
    assert_marbles(cold("-1----#").interleave(cold("a-b|"), 1), "-(1a)-#").await;
    let (first, log) = probe(Script::Endless);
    let flow = first.interleave(probe(Script::Failing(1)).0, 1);
    let mut seen = Vec::new();
    let end = flow.inspect(|n| seen.push(*n)).count().await;
    assert_eq!(end, Err(Broken));
    assert_eq!(seen, [0, 0, 1]);
    assert!(log.is_dropped());
}

#[test]
fn only_the_one_whose_turn_it_is_is_polled_but_for_a_stop() {
    let (other, log) = probe(Script::Endless);
    let (sender, waiting) = queue(StageId::here("queue"), 2, Overflow::Wait, Meter::new());
    let mut flow = waiting.flow().interleave(other, 1);
    assert_eq!(poll(&mut flow, 8, false), (vec![], Poll::Pending));
    assert_eq!(log.polls(), 0);
    sender.try_send(7).unwrap();
    assert_eq!(poll(&mut flow, 8, true), (vec![7], Poll::Pending));
    assert!(log.saw_stop());
    drop(sender);
    let completed = Poll::Ready(Ok(Drained::Completed));
    assert_eq!(poll(&mut flow, 8, true), (vec![], completed));
}

#[test]
#[should_panic(expected = "segments of 0 items")]
fn segments_of_nothing_are_refused() {
    let _ = [1].flow().interleave([2].flow(), 0);
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.interleave(probe(Script::Items(30)).0, 4)).check().await;
    Conform::new(|source| probe(Script::Items(30)).0.interleave(source, 1)).check().await;
}
