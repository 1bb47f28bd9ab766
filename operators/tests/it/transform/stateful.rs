use std::task::Poll;

use thalweg_core::Drained;
use thalweg_operators::testing::{Conform, Script, assert_marbles, captured, numbers, probe};

use crate::poll::poll;

fn add(sum: &mut u32, n: u32) -> u32 {
    *sum += n;
    n
}

#[tokio::test(start_paused = true)]
async fn the_state_has_the_last_word() {
    let flow = numbers(" -1--2-3-|").stateful(0, add, Some);
    assert_marbles(flow, "-1--2-3-(6|)").await;
    assert_marbles(numbers("--|").stateful(7, add, Some), "--(7|)").await;
    assert_marbles(numbers("-1-|").stateful(7, add, |_| None), "-1-|").await;
}

#[tokio::test(start_paused = true)]
async fn after_an_error_it_has_not() {
    let flow = numbers("-1-#").stateful(0, add, |_| panic!("it was flushed"));
    assert_marbles(flow, "-1-#").await;
}

#[tokio::test]
async fn the_last_word_waits_for_a_budget() {
    let mut flow = probe(Script::Items(2))
        .0
        .stateful(0, add, |sum| Some(sum + 10));
    assert_eq!(
        poll(&mut flow, 2, false),
        (vec![0, 1], Poll::Ready(Ok(Drained::Exhausted)))
    );
    for _ in 0..2 {
        assert_eq!(
            poll(&mut flow, 0, false),
            (vec![], Poll::Ready(Ok(Drained::Exhausted)))
        );
    }
    assert_eq!(
        poll(&mut flow, 1, false),
        (vec![11], Poll::Ready(Ok(Drained::Completed)))
    );
    assert_eq!(
        poll(&mut flow, 1, false),
        (vec![], Poll::Ready(Ok(Drained::Completed)))
    );
}

#[tokio::test]
async fn a_stop_is_an_end_like_any_other() {
    let mut flow = probe(Script::Idle(3)).0.stateful(0, add, Some);
    assert_eq!(poll(&mut flow, 9, false).0, [0, 1, 2]);
    assert_eq!(
        poll(&mut flow, 9, true),
        (vec![3], Poll::Ready(Ok(Drained::Completed)))
    );
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| {
        let kept = captured();
        let also = kept.clone();
        source.stateful(
            0,
            move |sum, n| kept.with(add(sum, n)),
            move |sum| also.with(Some(sum)),
        )
    })
    .check()
    .await;
    Conform::new(|source| source.stateful(0, add, |_| None))
        .check()
        .await;
}
