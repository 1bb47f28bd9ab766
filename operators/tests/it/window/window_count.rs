use std::task::Poll;

use thalweg_core::{Drained, DropReason};
use thalweg_operators::{
    IntoFlow,
    testing::{Broken, Conform, Script, assert_marbles, cold, probe},
    transform::UNLIMITED,
};
use tokio::task::yield_now;

use crate::{poll::poll, windows::named};

#[tokio::test(start_paused = true)]
async fn a_window_closes_with_its_last_item_and_the_next_opens_there() {
    let flow = named(cold("--1-----2--------3------|").window_count(2));
    assert_marbles(flow, "A-{A1}-----(B{A2}a)----{B3}------(b|)").await;
}

#[tokio::test(start_paused = true)]
async fn the_last_may_be_empty() {
    let flow = named(cold("-1-2--------|").window_count(2));
    assert_marbles(flow, "A{A1}-(B{A2}a)----(b|)").await;
    assert_marbles(named(cold("|").window_count(2)), "(Aa|)").await;
}

#[tokio::test(start_paused = true)]
async fn windows_may_overlap_or_leave_a_gap() {
    let flow = named(cold("-1-----2------3---------|").window_count(2).every(1));
    assert_marbles(flow, "A(B{A1})--(C{A2}a{B2})-(D{B3}b{C3})----(cd|)").await;
    let flow = cold("-1-2-3-4-5|").window_count(1).every(2);
    let mut plan = flow.plan();
    let items = flow.merge_map(UNLIMITED, |window| window);
    assert_marbles(items, "-1---3---5|").await;
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!(counts.to_string(), "in 5, out 3, dropped 2 (unmatched), in flight 0");
}

#[tokio::test(start_paused = true)]
async fn an_error_reaches_every_open_window_and_the_flow() {
    let mut flow = cold("1#").window_count(3).every(1);
    let (windows, rest) = poll(&mut flow, 1, false);
    assert!(rest.is_ready());
    assert_eq!(windows.len(), 1);
    let mut windows = windows;
    loop {
        let (more, rest) = poll(&mut flow, 8, false);
        windows.extend(more);
        if rest.is_pending() {
            tokio::time::advance(std::time::Duration::from_millis(1)).await;
        } else if rest == Poll::Ready(Err(Broken)) {
            break;
        }
    }
    assert_eq!(windows.len(), 2);
    for (window, items) in windows.iter_mut().zip([vec!['1'], vec![]]) {
        let (seen, rest) = poll(window, 8, false);
        assert_eq!((seen, rest), (items, Poll::Ready(Err(Broken))));
    }
}

#[tokio::test(start_paused = true)]
async fn a_window_that_nobody_reads_holds_back_the_source_until_it_is_read_or_dropped() {
    let (source, log) = probe(Script::Items(10));
    let mut flow = source.window_count(8).capacity(3);
    let mut plan = flow.plan();
    let (mut windows, rest) = poll(&mut flow, 64, false);
    assert!(rest.is_pending());
    assert_eq!((windows.len(), log.produced()), (1, 3));
    assert_eq!(poll(&mut windows[0], 64, false).0, [0, 1, 2]);
    assert!(poll(&mut flow, 64, false).1.is_pending());
    assert_eq!(log.produced(), 6);
    // What it holds and what would still have come is cancelled; the next one gets what is left.
    windows.clear();
    let (mut windows, _) = poll(&mut flow, 64, false);
    assert_eq!(log.produced(), 10);
    assert_eq!(poll(&mut windows[0], 64, false).0, [8, 9]);
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!(counts.to_string(), "in 10, out 5, dropped 5 (cancelled), in flight 0");
}

#[tokio::test]
async fn whoever_reads_in_another_task_wakes_the_source_and_is_woken() {
    let mut windows = (0..1000).flow().window_count(100).capacity(3);
    let mut readers = Vec::new();
    while let Ok(Some(window)) = windows.next().await {
        readers.push(tokio::spawn(window.fold(0, |sum, n| sum + n)));
    }
    let mut sum = 0;
    for reader in readers {
        sum += reader.await.unwrap().unwrap();
    }
    assert_eq!(sum, 499_500);
}

#[tokio::test]
async fn with_a_task_of_its_own_windows_are_read_one_after_the_other() {
    let mut windows = (0..10).flow().window_count(4).spawned(1);
    let mut sums = Vec::new();
    while let Ok(Some(window)) = windows.next().await {
        sums.push(window.fold(0, |sum, n| sum + n).await.unwrap());
    }
    assert_eq!(sums, [6, 22, 17]);
}

#[tokio::test]
async fn dropping_the_flow_completes_the_open_window_after_what_it_holds() {
    let (source, log) = probe(Script::Idle(2));
    let mut flow = source.window_count(8);
    let mut windows = poll(&mut flow, 64, false).0;
    drop(flow);
    assert!(log.is_dropped());
    let (items, rest) = poll(&mut windows[0], 64, false);
    assert_eq!(items, [0, 1]);
    assert_eq!(rest, Poll::Ready(Ok(Drained::Completed)));
}

#[tokio::test]
async fn a_stop_that_a_window_is_asked_for_reaches_the_source_and_drains() {
    let (source, log) = probe(Script::Idle(2));
    let mut flow = source.window_count(8);
    let mut windows = poll(&mut flow, 64, false).0;
    assert_eq!(poll(&mut windows[0], 64, true).0, [0, 1]);
    assert!(!log.saw_stop());
    let (more, rest) = poll(&mut flow, 64, false);
    assert!(more.is_empty());
    assert_eq!(rest, Poll::Ready(Ok(Drained::Completed)));
    assert!(log.saw_stop() && log.is_dropped());
    assert_eq!(poll(&mut windows[0], 64, true).1, Poll::Ready(Ok(Drained::Completed)));
}

#[tokio::test]
async fn the_books_of_windows_that_are_dropped_unread_balance() {
    let flow = (0..10).flow().window_count(4).every(2);
    let mut plan = flow.plan();
    let mut windows = flow.collect::<Vec<_>>().await.unwrap();
    assert_eq!(windows.len(), 6);
    assert_eq!(poll(&mut windows[0], 2, false).0, [0, 1]);
    windows.clear();
    yield_now().await;
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!((counts.received, counts.emitted), (4 * 4 + 2, 2));
    assert_eq!(counts.dropped_by(DropReason::Cancelled), 16);
}

#[test]
#[should_panic(expected = "window_count at ")]
fn a_clone_of_a_flow_that_runs_is_refused() {
    let mut flow = (0..10).flow().window_count(4);
    assert_eq!(poll(&mut flow, 2, false).0.len(), 1);
    let _ = flow.clone();
}

#[test]
#[should_panic(expected = "a window of 0 items never comes")]
fn of_none_is_refused_at_the_call() {
    let _ = cold("-a|").window_count(0);
}

#[test]
#[should_panic(expected = "a window of 0 items lets nothing through")]
fn of_no_capacity_is_refused_at_the_call() {
    let _ = cold("-a|").window_count(1).capacity(0);
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.window_count(7).merge_map(UNLIMITED, |window| window)).interleaves().check().await;
    Conform::new(|source| {
        source.window_count(9).every(4).capacity(2).merge_map(UNLIMITED, |window| window)
    })
    .any_sequence()
    .check()
    .await;
}
