use std::{sync::Arc, task::Poll};

use thalweg_core::{Drained, Meter, Overflow, StageId, queue::queue};
use thalweg_operators::{
    BoxFlow, Flow, IntoFlow,
    combine::{MergeSet, merge_keyed},
    testing::{Broken, Conform, Marbles, Probe, Script, assert_marbles, cold, probe},
};
use tokio::time::{Duration, sleep};

use crate::poll::poll;

fn text((key, item): (char, char)) -> String {
    format!("{key}{item}")
}

#[tokio::test(start_paused = true)]
async fn items_come_with_the_key_of_where_they_come_from() {
    let (set, flow) = merge_keyed();
    set.insert('x', cold("-1---2--|"));
    set.insert('y', cold("---7--8|"));
    drop(set);
    assert_marbles(flow.map(text), "-{x1}-{y7}-{x2}{y8}-|").await;
}

#[tokio::test(start_paused = true)]
async fn flows_come_and_go_while_it_runs() {
    let (set, flow) = merge_keyed::<char, Flow<Marbles>>();
    let driver = tokio::spawn(async move {
        let frames = |count| sleep(Duration::from_millis(count));
        set.insert('x', cold("-1--2--3--4--|"));
        frames(5).await;
        set.insert('y', cold("-7--8--|"));
        frames(3).await;
        set.remove(&'x');
        set.remove(&'z');
        frames(5).await;
    });
    // The driver begins when this is polled and waits.
    assert_marbles(flow.map(text), "-{x1}--{x2}-{y7}{x3}-{y8}---|").await;
    driver.await.unwrap();
}

#[tokio::test]
async fn it_completes_when_no_handle_is_left_and_all_inputs_have() {
    let (set, mut flow) = merge_keyed();
    let other = set.clone();
    assert_eq!(poll(&mut flow, 8, false), (vec![], Poll::Pending));
    set.insert(1, ["a"].flow());
    drop(set);
    assert_eq!(poll(&mut flow, 8, false), (vec![(1, "a")], Poll::Pending));
    drop(other);
    assert_eq!(poll(&mut flow, 8, false).1, Poll::Ready(Ok(Drained::Completed)));
}

#[test]
fn one_with_the_same_key_takes_the_place_of_the_other() {
    let (set, mut flow) = merge_keyed();
    let (first, log) = probe(Script::Idle(1));
    set.insert('x', first);
    assert_eq!(poll(&mut flow, 8, false).0, [('x', 0)]);
    set.insert('x', probe(Script::Items(2)).0);
    assert_eq!(poll(&mut flow, 8, false).0, [('x', 0), ('x', 1)]);
    assert!(log.is_dropped());
}

#[test]
fn what_was_taken_out_before_it_began_is_never_polled() {
    let (set, mut flow) = merge_keyed();
    let (source, log) = probe(Script::Endless);
    set.insert('x', source);
    set.remove(&'x');
    assert_eq!(poll(&mut flow, 8, false), (vec![], Poll::Pending));
    assert!(log.is_dropped());
    assert_eq!(log.polls(), 0);
}

#[test]
fn the_consumer_can_take_out_the_very_input_whose_item_it_has() {
    let (set, flow) = merge_keyed();
    let (endless, log) = probe(Script::Endless);
    set.insert('x', endless);
    set.insert('y', probe(Script::Items(2)).0);
    let mut flow = flow.inspect(move |(key, item)| {
        if (*key, *item) == ('x', 3) {
            set.remove(key);
        }
    });
    let seen: Vec<_> = poll(&mut flow, 1000, false).0;
    assert_eq!(seen, [('x', 0), ('x', 1), ('x', 2), ('x', 3), ('y', 0), ('y', 1)]);
    assert!(log.is_dropped());
}

#[tokio::test]
async fn an_error_is_the_end_and_nothing_is_taken_after_it() {
    let (set, mut flow) = merge_keyed();
    let (endless, log) = probe(Script::Endless);
    set.insert(1, probe(Script::Failing(0)).0);
    set.insert(2, endless);
    assert_eq!(flow.next().await, Err(Broken));
    assert!(log.is_dropped());
    assert!(!set.insert(3, probe(Script::Endless).0));
    assert_eq!(flow.next().await, Ok(None));
}

#[test]
fn a_stop_takes_no_more_inputs_and_what_is_in_flight_still_comes() {
    let (set, mut flow) = merge_keyed::<_, BoxFlow<'static, u32, Broken>>();
    let (sender, receiver) = queue(StageId::here("queue"), 2, Overflow::Wait, Meter::new());
    let (idle, log) = probe(Script::Idle(0));
    set.insert(1, receiver.flow().boxed());
    set.insert(2, idle.boxed());
    assert_eq!(poll(&mut flow, 8, false), (vec![], Poll::Pending));
    let (late, late_log) = probe(Script::Endless);
    assert!(set.insert(3, late.boxed()));
    assert_eq!(poll(&mut flow, 0, true), (vec![], Poll::Pending));
    assert!(log.saw_stop() && late_log.saw_stop());
    assert!(!set.insert(4, probe(Script::Endless).0.boxed()));
    sender.try_send(7).unwrap();
    drop(sender);
    let completed = Poll::Ready(Ok(Drained::Completed));
    assert_eq!(poll(&mut flow, 8, true), (vec![(1, 7)], completed));
}

#[test]
fn a_set_whose_flow_is_dropped_takes_nothing() {
    let (set, flow) = merge_keyed();
    let (source, log) = probe(Script::Endless);
    assert!(set.insert(1, source));
    drop(flow);
    assert!(log.is_dropped());
    assert!(!set.insert(2, probe(Script::Endless).0));
    assert!(!format!("{set:?}").is_empty());
}

/// An input that holds a handle of the set which it is in.
#[test]
fn an_input_may_hold_the_set_itself() {
    let (set, flow) = merge_keyed::<u32, BoxFlow<'static, u32, Broken>>();
    let guard = Arc::new(());
    let (inner, held) = (set.clone(), Arc::clone(&guard));
    let input = probe(Script::Idle(0)).0.inspect(move |_| {
        inner.remove(&0);
        assert_eq!(*held, ());
    });
    set.insert(0, input.boxed());
    drop((set, flow));
    assert_eq!(Arc::strong_count(&guard), 1);
}

#[tokio::test]
async fn inputs_that_always_have_items_take_turns() {
    let (set, flow) = merge_keyed();
    for key in ["a", "b"] {
        set.insert(key, (0..).flow());
    }
    let seen: String = flow.map(|(key, _)| key).take(192).collect().await.unwrap();
    assert_eq!(seen, ["a", "b", "a"].map(|key| key.repeat(64)).concat());
}

#[tokio::test(start_paused = true)]
async fn inputs_that_do_not_wake_are_not_polled() {
    let (set, flow) = merge_keyed();
    let (idle, logs): (Vec<_>, Vec<_>) = (0..1000).map(|_| probe(Script::Idle(0))).unzip();
    for (key, idle) in idle.into_iter().enumerate() {
        set.insert(key, idle.boxed());
    }
    set.insert(1000, probe(Script::Stuttering(50)).0.boxed());
    assert_eq!(flow.take(50).count().await, Ok(50));
    assert!(logs.iter().all(|log| log.polls() == 1));
}

#[test]
fn a_key_whose_flow_has_ended_can_come_again() {
    let (set, mut flow) = merge_keyed();
    for round in 0..3 {
        set.insert('x', [round].flow());
        set.insert('y', [round + 10].flow());
        let seen = poll(&mut flow, 64, false);
        assert_eq!(seen, (vec![('x', round), ('y', round + 10)], Poll::Pending));
    }
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    let keyed = |source: Flow<Probe>| {
        let (set, flow) = merge_keyed();
        set.insert('x', source);
        set.insert('y', probe(Script::Items(30)).0);
        flow
    };
    Conform::new(keyed).interleaves().check().await;
    let (set, flow): (MergeSet<u8, Flow<Probe>>, _) = merge_keyed();
    drop(set);
    assert_eq!(flow.count().await, Ok(0));
}
