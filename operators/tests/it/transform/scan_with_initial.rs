use std::task::Poll;

use thalweg_core::Drained;
use thalweg_operators::{
    IntoFlow,
    testing::{Conform, Script, assert_marbles, captured, numbers, probe},
};

use crate::poll::poll;

#[tokio::test(start_paused = true)]
async fn the_state_comes_first_and_after_every_item() {
    let flow = numbers(" -1--2-3|").scan_with_initial(0, |sum, n| *sum += n);
    assert_marbles(flow, "01--3-6|").await;
    assert_marbles(
        numbers("---|").scan_with_initial(4, |sum, n| *sum += n),
        "4--|",
    )
    .await;
    assert_marbles(
        numbers("-1-#").scan_with_initial(4, |sum, n| *sum += n),
        "45-#",
    )
    .await;
}

#[tokio::test]
async fn the_source_is_polled_once_the_initial_state_is_out() {
    let (source, log) = probe(Script::Idle(1));
    let mut flow = source.scan_with_initial(5, |sum, n| *sum += n);
    assert_eq!(
        poll(&mut flow, 0, false),
        (vec![], Poll::Ready(Ok(Drained::Exhausted)))
    );
    assert_eq!(flow.next().await, Ok(Some(5)));
    assert_eq!(log.polls(), 0);
    assert_eq!(poll(&mut flow, 9, false), (vec![5], Poll::Pending));
}

#[tokio::test]
async fn stopped_before_it_began_it_emits_nothing() {
    let mut flow = probe(Script::Endless)
        .0
        .scan_with_initial(5, |sum, n| *sum += n);
    assert_eq!(
        poll(&mut flow, 9, true),
        (vec![], Poll::Ready(Ok(Drained::Completed)))
    );
    assert_eq!(flow.next().await, Ok(None));
}

#[tokio::test]
async fn a_clone_begins_with_the_initial_state() {
    let flow = (1..=2).flow().scan_with_initial(0, |sum, n| *sum += n);
    assert_eq!(flow.clone().collect::<Vec<_>>().await, Ok(vec![0, 1, 3]));
    assert_eq!(flow.collect::<Vec<_>>().await, Ok(vec![0, 1, 3]));
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| {
        let kept = captured();
        source.scan_with_initial(0, move |sum, n| *sum += kept.with(n))
    })
    .check()
    .await;
}
