use std::{cmp::Ordering, task::Poll};

use thalweg_core::{Counts, Drained, DropReason, Meter, Overflow, Plan, StageId, queue::queue};
use thalweg_operators::{
    IntoFlow,
    testing::{Broken, Conform, Script, assert_marbles, captured, cold, probe},
};

use crate::poll::poll;

fn counts(plan: &mut Plan) -> Counts {
    plan.refresh();
    plan.stages()[0].counts().unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_least_goes_out_when_it_is_known() {
    let flow = cold("    --1---4-----6--|").merge_sorted(cold("----2---3-5-----(7|)"));
    assert_marbles(flow, "----1-2-3-4-5---(67|)").await;
    let flow = cold("    --5--3--|").merge_sorted_by(cold("--4-----(1|)"), |a, b| b.cmp(a));
    assert_marbles(flow, "--5--4--(31|)").await;
}

#[tokio::test(start_paused = true)]
async fn the_rest_of_the_other_comes_when_one_has_ended() {
    assert_marbles(cold("-1-2-|").merge_sorted(cold("--|")), "--12-|").await;
    assert_marbles(cold("--|").merge_sorted(cold("-1-2-|")), "--12-|").await;
    assert_marbles(cold("|").merge_sorted(cold("|")), "|").await;
    let merged = [1, 5].flow().merge_sorted([2, 3, 9, 9].flow());
    assert_eq!(merged.collect::<Vec<_>>().await, Ok(vec![1, 2, 3, 5, 9, 9]));
}

#[tokio::test]
async fn of_equals_that_of_the_first_goes_first() {
    let by_number = |a: &(u32, char), b: &(u32, char)| a.0.cmp(&b.0);
    let first = [(1, 'a'), (2, 'b'), (2, 'c')].flow();
    let merged = first.merge_sorted_by([(1, 'x'), (2, 'y')].flow(), by_number);
    let order: String = merged.map(|(_, name)| name).collect().await.unwrap();
    assert_eq!(order, "axbcy");
}

#[tokio::test]
async fn nothing_is_lost_of_what_is_not_in_order() {
    let merged = [3, 1].flow().merge_sorted([2, 0].flow());
    assert_eq!(merged.collect::<Vec<_>>().await, Ok(vec![2, 0, 3, 1]));
}

#[tokio::test(start_paused = true)]
async fn an_error_of_either_is_the_end() {
    let flow = cold("-1-----|").merge_sorted(cold("---#"));
    let mut plan = flow.plan();
    assert_marbles(flow, "---#").await;
    assert_eq!(counts(&mut plan).dropped_by(DropReason::Failed), 1);
    let (other, log) = probe(Script::Endless);
    let mut flow = probe(Script::Failing(0)).0.merge_sorted(other);
    assert_eq!(flow.next().await, Err(Broken));
    assert!(log.is_dropped());
}

#[test]
fn it_waits_for_both_and_holds_one() {
    let (endless, log) = probe(Script::Endless);
    let mut flow = endless.merge_sorted(probe(Script::Idle(3)).0);
    let mut plan = flow.plan();
    // 0, 0, 1, 1, 2, 2: the 3 waits for another of the second.
    let (items, rest) = poll(&mut flow, 64, false);
    assert_eq!((items, rest), (vec![0, 0, 1, 1, 2, 2], Poll::Pending));
    assert_eq!(log.produced(), 4);
    assert_eq!(counts(&mut plan).in_flight(), 1);
    drop(flow);
    assert_eq!(counts(&mut plan).dropped_by(DropReason::Cancelled), 1);
}

#[test]
fn what_waited_is_not_handed_on_without_a_budget() {
    let (sender, receiver) = queue(StageId::here("queue"), 2, Overflow::Wait, Meter::new());
    let mut flow = receiver.flow().merge_sorted(probe(Script::Idle(0)).0);
    sender.try_send(7).unwrap();
    assert_eq!(poll(&mut flow, 8, false), (vec![], Poll::Pending));
    drop(sender);
    // The second completes, because it is asked to stop: now the 7 may go.
    let exhausted = Poll::Ready(Ok(Drained::Exhausted));
    assert_eq!(poll(&mut flow, 0, true), (vec![], exhausted));
    let completed = Poll::Ready(Ok(Drained::Completed));
    assert_eq!(poll(&mut flow, 8, true), (vec![7], completed));
}

#[test]
fn a_side_that_is_busy_without_an_item_does_not_starve_the_other() {
    let (other, log) = probe(Script::Endless);
    let mut flow = probe(Script::Endless)
        .0
        .filter(|_| false)
        .merge_sorted(other);
    assert_eq!(
        poll(&mut flow, 8, false).1,
        Poll::Ready(Ok(Drained::Exhausted))
    );
    assert_eq!(log.produced(), 1);
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.merge_sorted(probe(Script::Items(30)).0))
        .check()
        .await;
    Conform::new(|source| probe(Script::Items(30)).0.merge_sorted(source))
        .check()
        .await;
    Conform::new(|source| {
        let kept = captured();
        source.merge_sorted_by(probe(Script::Items(200)).0, move |_, _| {
            kept.with(Ordering::Greater)
        })
    })
    .check()
    .await;
}
