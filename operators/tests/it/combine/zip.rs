use std::{future::poll_fn, ops::ControlFlow, pin::pin, task::Poll};

use thalweg_core::{Counts, Cx, Drained, DropReason, Observable, Plan};
use thalweg_operators::{
    Flow, IntoFlow,
    combine::zip,
    testing::{Broken, Conform, Marbles, Script, assert_marbles, cold, probe},
};

use crate::poll::poll;

fn text((one, other): (char, char)) -> String {
    format!("{one}{other}")
}

fn counts(plan: &mut Plan) -> Counts {
    plan.refresh();
    plan.stages()[0].counts().unwrap()
}

#[tokio::test(start_paused = true)]
async fn first_goes_with_first() {
    let flow = cold("    -a--b-c--|").zip(cold("--1-2---3---|")).map(text);
    assert_marbles(flow, "--{a1}-{b2}---{c3}|").await;
}

#[tokio::test(start_paused = true)]
async fn ends_when_a_side_has_ended_and_nothing_of_it_waits() {
    assert_marbles(cold("-a|").zip(cold("---1--2|")).map(text), "---({a1}|)").await;
    assert_marbles(cold("---1--2|").zip(cold("-a|")).map(text), "---({1a}|)").await;
    assert_marbles(cold("--|").zip(cold("-1-2|")).map(text), "--|").await;
    assert_marbles(cold("-1-2|").zip(cold("--|")).map(text), "--|").await;
}

#[tokio::test(start_paused = true)]
async fn an_item_that_finds_no_partner_is_counted() {
    let flow = cold("-a-b----|").zip(cold("-1---|"));
    let mut plan = flow.plan();
    assert_marbles(flow.map(text), "-{a1}---|").await;
    let counts = counts(&mut plan);
    assert_eq!((counts.received, counts.emitted, counts.in_flight()), (3, 2, 0));
    assert_eq!(counts.dropped_by(DropReason::Unmatched), 1);
}

#[tokio::test(start_paused = true)]
async fn an_error_of_either_is_the_end_and_what_waits_is_counted() {
    let flow = cold("-a-----|").zip(cold("---#"));
    let mut plan = flow.plan();
    assert_marbles(flow.map(text), "---#").await;
    assert_eq!(counts(&mut plan).dropped_by(DropReason::Failed), 1);
    // The side that is ahead is not polled, so its error comes behind its item.
    assert_marbles(cold("-a-#").zip(cold("-----1-|")).map(text), "-----({a1}#)").await;
}

#[tokio::test]
async fn no_side_is_ahead_by_more_than_one_item() {
    let (endless, log) = probe(Script::Endless);
    let flow = endless.zip(probe(Script::Idle(3)).0);
    let mut plan = flow.plan();
    let mut flow = pin!(flow);
    for _ in 0..2 {
        poll_fn(|task| {
            let drained = flow.as_mut().poll_drain(&mut Cx::new(task), |_| ControlFlow::Continue(()));
            assert!(drained.is_pending());
            Poll::Ready(())
        })
        .await;
    }
    assert_eq!(log.produced(), 4);
    assert_eq!(counts(&mut plan).in_flight(), 1);
}

#[tokio::test]
async fn a_side_that_is_busy_without_an_item_does_not_starve_the_other() {
    let busy = probe(Script::Endless).0.filter(|_| false);
    // It has nothing, and takes a budget to find out.
    let other = std::iter::empty::<u32>().flow().map(Ok::<_, Broken>).raise();
    let mut flow = pin!(busy.zip(other));
    let mut ends = Vec::new();
    for _ in 0..2 {
        poll_fn(|task| {
            ends.push(flow.as_mut().poll_drain(&mut Cx::new(task), |_| ControlFlow::Continue(())));
            Poll::Ready(())
        })
        .await;
    }
    assert_eq!(ends, [Drained::Exhausted, Drained::Completed].map(|end| Poll::Ready(Ok(end))));
}

#[tokio::test]
async fn a_stop_reaches_the_side_that_is_ahead() {
    let (first, first_log) = probe(Script::Endless);
    let (second, second_log) = probe(Script::Idle(0));
    let mut flow = pin!(first.zip(second));
    for stopping in [false, true] {
        poll_fn(|task| {
            let mut cx = Cx::new(task).with_stop(stopping);
            let _ = flow.as_mut().poll_drain(&mut cx, |_| ControlFlow::Continue(()));
            Poll::Ready(())
        })
        .await;
        assert_eq!((first_log.saw_stop(), second_log.saw_stop()), (stopping, stopping));
    }
}

#[tokio::test]
async fn a_clone_has_what_waits() {
    let mut flow = (0..3).flow().zip((10..13).flow());
    assert_eq!(flow.next().await, Ok(Some((0, 10))));
    assert_eq!(flow.clone().collect::<Vec<_>>().await, Ok(vec![(1, 11), (2, 12)]));
    assert_eq!(flow.collect::<Vec<_>>().await, Ok(vec![(1, 11), (2, 12)]));
}

fn row(row: Vec<char>) -> String {
    row.into_iter().collect()
}

#[tokio::test(start_paused = true)]
async fn any_number_of_flows_zip() {
    let flow = zip([cold("--a-----b---|"), cold("----c---d--|"), cold("------e---f---|")]);
    let mut plan = flow.plan();
    assert_marbles(flow.map(row), "------{ace}---{bdf}|").await;
    let counts = counts(&mut plan);
    assert_eq!((counts.received, counts.emitted, counts.dropped()), (6, 6, 0));
    assert_eq!(plan.bound(), Some(2));
    assert_marbles(zip([cold("-a-b|")]).map(row), "-a-b|").await;
    assert_marbles(zip(Vec::<Flow<Marbles>>::new()).map(row), "|").await;
}

#[tokio::test(start_paused = true)]
async fn many_end_when_one_has_ended_and_nothing_of_it_waits() {
    let flow = zip([cold("---a--b--c--|"), cold("------d----e----f--------|"), cold("--------h----i----j---------")]);
    assert_marbles(flow.map(row), "--------{adh}----{bei}----({cfj}|)").await;
    assert_marbles(zip([cold("---"), cold("|")]).map(row), "|").await;
    let flow = zip([cold("-a-b----|"), cold("-1---|"), cold("-x--y---|")]);
    let mut plan = flow.plan();
    assert_marbles(flow.map(row), "-{a1x}---|").await;
    assert_eq!(counts(&mut plan).dropped_by(DropReason::Unmatched), 2);
}

#[tokio::test(start_paused = true)]
async fn an_error_of_any_is_the_end_of_all() {
    let flow = zip([cold("-a-----|"), cold("---#"), cold("----b|")]);
    let mut plan = flow.plan();
    assert_marbles(flow.map(row), "---#").await;
    assert_eq!(counts(&mut plan).dropped_by(DropReason::Failed), 1);
}

#[test]
fn none_of_many_is_ahead_by_more_than_one_item() {
    let (endless, log) = probe(Script::Endless);
    let mut flow = zip([endless, probe(Script::Idle(3)).0, probe(Script::Endless).0]);
    let mut plan = flow.plan();
    let (rows, rest) = poll(&mut flow, 64, false);
    assert_eq!((rows, rest), (vec![vec![0; 3], vec![1; 3], vec![2; 3]], Poll::Pending));
    assert_eq!(log.produced(), 4);
    assert_eq!(counts(&mut plan).in_flight(), 2);
    drop(flow);
    assert_eq!(counts(&mut plan).dropped_by(DropReason::Cancelled), 2);
}

#[tokio::test]
async fn a_row_goes_on_after_a_break_and_the_end_comes_once() {
    let mut flow = zip([[1, 2].flow(), [3, 4].flow()]);
    assert_eq!(flow.next().await, Ok(Some(vec![1, 3])));
    let mut copy = flow.clone();
    for flow in [&mut flow, &mut copy] {
        assert_eq!(flow.next().await, Ok(Some(vec![2, 4])));
        assert_eq!(flow.next().await, Ok(None));
    }
}

#[tokio::test]
async fn one_of_many_that_is_busy_without_an_item_does_not_starve_the_others() {
    let busy = probe(Script::Endless).0.filter(|_| false);
    let mut flow = zip([busy.boxed(), probe(Script::Items(0)).0.boxed()]);
    assert_eq!(flow.next().await, Ok(None));
}

#[test]
fn a_stop_reaches_all_of_many_also_those_that_are_ahead() {
    let (first, first_log) = probe(Script::Endless);
    let (second, second_log) = probe(Script::Idle(0));
    let mut flow = zip([first, second]);
    assert_eq!(poll(&mut flow, 8, false), (vec![], Poll::Pending));
    assert_eq!(poll(&mut flow, 0, true).1, Poll::Ready(Ok(Drained::Completed)));
    assert!(first_log.saw_stop() && second_log.saw_stop());
}

#[tokio::test(start_paused = true)]
async fn a_wake_polls_only_who_woke() {
    let (idle, logs): (Vec<_>, Vec<_>) = (0..1000).map(|_| probe(Script::Idle(0))).unzip();
    let awake = cold("-1-2-3-4|").map(|_| 0).boxed();
    let flow = zip(idle.into_iter().map(Flow::boxed).chain([awake]));
    assert_marbles(flow.map(|_| ' '), "-").await;
    assert!(logs.iter().all(|log| log.polls() == 1));
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.zip(probe(Script::Endless).0)).check().await;
    Conform::new(|source| probe(Script::Endless).0.zip(source)).check().await;
    Conform::new(|source| source.zip(probe(Script::Items(30)).0)).handles_errors().check().await;
    Conform::new(|source| source.zip(probe(Script::Stuttering(200)).0)).check().await;
    let endless = || probe(Script::Endless).0;
    Conform::new(|source| zip([source, endless(), endless()])).check().await;
    Conform::new(|source| zip([endless(), source])).check().await;
    Conform::new(|source| zip([source, probe(Script::Items(30)).0])).handles_errors().check().await;
    Conform::new(|source| zip([probe(Script::Stuttering(200)).0, source])).check().await;
}
