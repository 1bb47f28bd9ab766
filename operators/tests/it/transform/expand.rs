use std::{
    sync::{Arc, Mutex},
    task::Poll,
};

use thalweg_core::{Drained, DropReason, Fault};
use thalweg_operators::{
    Flow, IntoFlow,
    testing::{
        Broken, Conform, Event, Script, assert_marbles, captured, cold, numbers, probe, record,
    },
    transform::UNLIMITED,
};

use crate::poll::poll;

/// The two branches of a node of a tree with the nodes 1 to 7.
fn branches(
    node: u32,
) -> Flow<impl thalweg_core::Observable<Item = u32, Error = Broken> + Clone + Send> {
    [node * 2, node * 2 + 1]
        .into_iter()
        .filter(|node| *node < 8)
        .flow()
        .with_error()
}

#[tokio::test(start_paused = true)]
async fn every_item_is_emitted_and_its_flow_run() {
    let flow = numbers("--1-----|").expand(UNLIMITED, |n| {
        let n = *n;
        cold(if n < 8 { "--a|" } else { "|" }).map(move |_| n * 2)
    });
    assert_marbles(flow, "--1-2-4-8|").await;
}

#[tokio::test(start_paused = true)]
async fn what_finds_no_place_is_emitted_when_its_flow_begins() {
    // The flow of the 1 runs from 0 to 3, that of the 5 from 3 to 6.
    let flow = numbers(" 1-5|").expand(1, |n| {
        let n = *n;
        cold(if n < 5 { "---(a|)" } else { "--|" }).map(move |_| n + 2)
    });
    assert_marbles(flow, "1--5-3--5-|").await;
}

#[tokio::test]
async fn what_is_there_at_once_comes_level_by_level() {
    for limit in [1, 2, UNLIMITED] {
        let flow = [1]
            .flow()
            .with_error()
            .expand(limit, |node| branches(*node));
        assert_eq!(
            flow.collect::<Vec<_>>().await,
            Ok((1..8).collect()),
            "{limit} at once"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn completion_waits_for_all_flows() {
    assert_marbles(numbers("1|").expand(2, |_| cold("---|").map(|_| 1)), "1--|").await;
    assert_marbles(
        numbers("1---|").expand(2, |_| cold("-|").map(|_| 1)),
        "1---|",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_error_of_any_is_the_end_and_drops_what_waits() {
    let flow = numbers("1--#").expand(2, |_| cold("-----|").map(|_| 1));
    assert_marbles(flow, "1--#").await;
    let flow = numbers("1---|").expand(1, |_| cold("-(ab)#").map(|_| 1));
    let mut plan = flow.plan();
    let events = record(flow).await;
    assert_eq!(
        events,
        [
            (0, Event::Item(1)),
            (5, Event::Failed(Fault::Upstream(Broken)))
        ]
    );
    plan.refresh();
    let counts = plan.find("expand").unwrap().counts().unwrap();
    assert_eq!((counts.received, counts.emitted), (3, 1));
    assert_eq!(counts.dropped_by(DropReason::Failed), 2);
}

#[tokio::test]
async fn what_waits_is_bounded_and_more_is_a_fault() {
    let tree = |capacity| {
        let flow = [1].flow().with_error().expand(1, |node| branches(*node));
        flow.capacity(capacity)
    };
    assert_eq!(tree(4).count().await, Ok(7));
    let flow = tree(3);
    let mut plan = flow.plan();
    let fault = flow.count().await.unwrap_err();
    assert!(fault.is_overflow());
    assert_eq!(
        fault
            .to_string()
            .matches("its queue of 3 items was full")
            .count(),
        1
    );
    plan.refresh();
    let counts = plan.find("expand").unwrap().counts().unwrap();
    assert_eq!(
        (
            counts.dropped_by(DropReason::Overflow),
            counts.dropped_by(DropReason::Failed)
        ),
        (1, 3)
    );
    assert_eq!(counts.in_flight(), 0);
    // With a place for each there is no need to wait.
    let flow = [1]
        .flow()
        .with_error()
        .expand(UNLIMITED, |node| branches(*node));
    assert_eq!(flow.capacity(1).count().await, Ok(7));
}

#[tokio::test]
async fn the_source_is_not_pulled_while_something_waits() {
    let (source, log) = probe(Script::Endless);
    let mut flow = source.expand(2, |_| probe(Script::Idle(0)).0);
    assert_eq!(poll(&mut flow, 100, false), (vec![0, 1], Poll::Pending));
    assert_eq!(log.produced(), 3);
}

#[tokio::test]
async fn a_chain_without_end_yields_and_holds_one_item() {
    let mut flow = [0_u64]
        .flow()
        .expand(UNLIMITED, |n| [n + 1].flow())
        .capacity(1);
    for turn in 0..3 {
        let (seen, rest) = poll(&mut flow, 64, false);
        assert_eq!(rest, Poll::Ready(Ok(Drained::Exhausted)), "in turn {turn}");
        assert!(seen.len() > 30 && seen.len() <= 64, "{}", seen.len());
    }
}

#[tokio::test]
async fn a_stop_reaches_all_and_what_waits_still_comes() {
    let (source, source_log) = probe(Script::Endless);
    let logs = Arc::new(Mutex::new(Vec::new()));
    let mut flow = source.expand(1, |_| {
        let (inner, log) = probe(Script::Idle(0));
        logs.lock().unwrap().push(log);
        inner
    });
    assert_eq!(poll(&mut flow, 100, false).0, [0]);
    let (seen, rest) = poll(&mut flow, 0, true);
    assert_eq!((seen, rest), (vec![], Poll::Ready(Ok(Drained::Exhausted))));
    assert!(source_log.saw_stop() && logs.lock().unwrap()[0].saw_stop());
    assert_eq!(
        poll(&mut flow, 100, true),
        (vec![1], Poll::Ready(Ok(Drained::Completed)))
    );
}

#[tokio::test]
async fn a_clone_runs_by_itself() {
    let mut flow = [1].flow().with_error().expand(1, |node| branches(*node));
    assert_eq!(flow.next().await, Ok(Some(1)));
    assert_eq!(flow.next().await, Ok(Some(2)));
    assert_eq!(
        flow.clone().collect::<Vec<_>>().await,
        Ok(vec![3, 4, 5, 6, 7])
    );
    assert_eq!(flow.collect::<Vec<_>>().await, Ok(vec![3, 4, 5, 6, 7]));
}

#[test]
#[should_panic(expected = "expand of 0 flows at once lets nothing through")]
fn of_none_is_refused_at_the_call() {
    let _ = numbers("-1|").expand(0, |_| numbers("-1|"));
}

#[test]
#[should_panic(expected = "expand with room for 0 items lets nothing through")]
fn no_room_is_refused_at_the_call() {
    let _ = numbers("-1|").expand(1, |_| numbers("-1|")).capacity(0);
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    for limit in [1, 3, UNLIMITED] {
        Conform::new(|source| {
            let kept = captured();
            source.expand(limit, move |n| {
                let n = kept.with(*n);
                let children = if n % 1000 < 200 {
                    vec![n + 200, n + 1000]
                } else {
                    vec![]
                };
                children
                    .into_iter()
                    .filter(|n| *n < 4000)
                    .flow()
                    .with_error()
            })
        })
        .interleaves()
        .check()
        .await;
    }
}
