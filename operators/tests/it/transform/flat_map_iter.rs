use std::task::Poll;

use thalweg_core::Drained;
use thalweg_operators::{
    IntoFlow,
    testing::{Conform, Script, assert_marbles, captured, cold, numbers, probe},
};

use crate::poll::poll;

#[tokio::test(start_paused = true)]
async fn the_items_of_an_iterator_come_at_once() {
    let flow = numbers(" -0-1--2-----|").flat_map_iter(|n| 0..n);
    assert_marbles(flow, "---0--(01)--|").await;
    assert_marbles(
        cold("-a----#").flat_map_iter(|letter| [letter; 2]),
        "-(aa)-#",
    )
    .await;
}

#[tokio::test]
async fn an_endless_iterator_yields() {
    let mut flow = ["a"].flow().flat_map_iter(|_| 0_u64..);
    let (seen, rest) = poll(&mut flow, 10, false);
    assert_eq!((seen.len(), rest), (9, Poll::Ready(Ok(Drained::Exhausted))));
    assert_eq!(poll(&mut flow, 10, false).0, (9..19).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_is_left_of_an_iterator_still_comes_after_a_stop() {
    let (source, log) = probe(Script::Endless);
    let mut flow = source.flat_map_iter(|n| n..n + 5);
    assert_eq!(poll(&mut flow, 3, false).0, [0, 1]);
    assert_eq!(poll(&mut flow, 2, true).0, [2, 3]);
    assert!(log.saw_stop());
    assert_eq!(
        poll(&mut flow, 9, true),
        (vec![4], Poll::Ready(Ok(Drained::Completed)))
    );
}

#[tokio::test(start_paused = true)]
async fn an_error_does_not_cut_off_an_iterator() {
    let (source, _) = probe(Script::Failing(1));
    let mut flow = source.flat_map_iter(|n| [n, n + 1]);
    assert_eq!(flow.next().await, Ok(Some(0)));
    assert_eq!(flow.next().await, Ok(Some(1)));
    assert!(flow.next().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| {
        let kept = captured();
        source.flat_map_iter(move |n| kept.with([n, n + 1]))
    })
    .check()
    .await;
    Conform::new(|source| source.flat_map_iter(|n| 0..n % 3))
        .check()
        .await;
    Conform::new(|source| source.flat_map_iter(|_| None::<u32>))
        .check()
        .await;
}
