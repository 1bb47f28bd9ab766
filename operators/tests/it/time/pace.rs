use std::{task::Poll, time::Duration};

use thalweg::Drained;
use thalweg_operators::{
    IntoFlow,
    testing::{Conform, Script, assert_marbles, captured, cold, probe, record},
};
use tokio::time::{Instant, advance};

use crate::poll::poll;

const PER: Duration = Duration::from_millis(8);

#[tokio::test(start_paused = true)]
async fn items_are_spaced_out_and_none_is_lost() {
    let flow = cold("    -(abc)------d--|").pace(2, PER);
    assert_marbles(flow, "-a---b---c---d-|").await;
}

#[tokio::test(start_paused = true)]
async fn a_rest_earns_a_burst_and_no_more() {
    let flow = cold("    -(abcd)-------------(efg)-|")
        .pace(2, PER)
        .burst(2);
    assert_marbles(flow, "-(ab)c---d----------(ef)g-|").await;
}

#[tokio::test(start_paused = true)]
async fn a_slow_source_is_not_slowed_down() {
    let flow = cold("    a----b----c----|").pace(2, PER);
    assert_marbles(flow, "a----b----c----|").await;
}

#[tokio::test(start_paused = true)]
async fn the_end_is_never_delayed() {
    assert_marbles(cold("a-|").pace(1, PER), "a-|").await;
    assert_marbles(cold("a-#").pace(1, PER), "a-#").await;
    assert_marbles(cold("(ab|)").pace(1, PER), "a-------(b|)").await;
    assert_marbles(cold("(ab#)").pace(1, PER), "a-------(b#)").await;
}

#[tokio::test(start_paused = true)]
async fn while_an_item_waits_the_source_is_not_polled() {
    let (source, log) = probe(Script::Endless);
    let mut flow = source.pace(1, PER);
    assert_eq!(flow.next().await, Ok(Some(0)));
    assert_eq!(log.produced(), 1);
    assert_eq!(flow.next().await, Ok(Some(1)));
    assert_eq!(log.produced(), 2);
    let mut plan = flow.plan();
    assert_eq!(plan.bound(), Some(1));
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!(counts.to_string(), "in 2, out 2, in flight 0");
}

#[tokio::test(start_paused = true)]
async fn a_rate_above_that_of_the_timers_is_kept() {
    let start = Instant::now();
    let count = (0..20_000)
        .flow()
        .pace(20_000, Duration::from_secs(1))
        .count()
        .await;
    assert_eq!(count, Ok(20_000));
    let took = start.elapsed();
    assert!((999..=1001).contains(&took.as_millis()), "it took {took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_rate_that_is_no_whole_number_of_milliseconds_is_kept_on_average() {
    let frames: Vec<_> = record((0..7).flow().pace(3, Duration::from_millis(10)))
        .await
        .into_iter()
        .map(|(frame, _)| frame)
        .collect();
    assert_eq!(frames, [0, 4, 7, 10, 14, 17, 20, 20]);
}

#[tokio::test(start_paused = true)]
async fn tokens_let_many_items_pass_in_one_poll() {
    let (source, log) = probe(Script::Items(100));
    let flow = source.pace(1, PER).burst(100);
    assert_eq!(flow.count().await, Ok(100));
    assert_eq!(log.polls(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_item_takes_as_many_tokens_as_it_weighs() {
    let weight = |letter: &char| letter.to_digit(10).unwrap();
    // A token every 2 frames.
    let flow = cold("    -(3112)---------|").pace(4, PER).weigh(weight);
    assert_marbles(flow, "-3-----1-1-2----|").await;
    // What is lighter than the burst waits for all of its weight.
    let flow = cold("    -(2221)-------|")
        .pace(4, PER)
        .weigh(weight)
        .burst(4);
    assert_marbles(flow, "-(22)2-1------|").await;
}

#[tokio::test(start_paused = true)]
async fn what_is_heavier_than_the_burst_goes_when_the_bucket_is_full() {
    let weight = |letter: &char| letter.to_digit(10).unwrap();
    let flow = cold("    -(191)--------------------|")
        .pace(4, PER)
        .burst(2)
        .weigh(weight);
    assert_marbles(flow, "-1-9---------------1------|").await;
}

#[tokio::test(start_paused = true)]
async fn what_weighs_nothing_takes_nothing_but_keeps_its_turn() {
    let weight = |letter: &char| letter.to_digit(10).unwrap();
    let flow = cold("    -(10102)--|").pace(1, PER).weigh(weight);
    assert_marbles(flow, "-(10)----(10)----(2|)").await;
}

#[test]
#[should_panic(expected = "a pace of 0 items lets nothing through")]
fn a_pace_of_none_is_refused_at_the_call() {
    let _ = cold("-a|").pace(0, PER);
}

#[test]
#[should_panic(expected = "a burst of 0 items lets nothing through")]
fn a_burst_of_none_is_refused_at_the_call() {
    let _ = cold("-a|").pace(1, PER).burst(0);
}

#[tokio::test(start_paused = true)]
async fn without_a_budget_nothing_comes_and_nothing_is_lost() {
    let mut flow = cold("(ab)").pace(1, PER);
    assert_eq!(poll(&mut flow, 8, false).0, ['a']);
    advance(PER).await;
    let (items, rest) = poll(&mut flow, 0, true);
    assert_eq!(
        (items.len(), rest),
        (0, Poll::Ready(Ok(Drained::Exhausted)))
    );
    let (items, rest) = poll(&mut flow, 8, true);
    assert_eq!(
        (items, rest),
        (vec!['b'], Poll::Ready(Ok(Drained::Completed)))
    );
}

#[tokio::test(start_paused = true)]
async fn a_stop_reaches_the_source_while_an_item_waits_for_its_time() {
    let (source, log) = probe(Script::Endless);
    let mut flow = source.pace(1, PER);
    assert_eq!(poll(&mut flow, 8, false).0, [0]);
    assert_eq!(poll(&mut flow, 8, true), (vec![], Poll::Pending));
    assert!(log.is_dropped());
    advance(PER).await;
    assert_eq!(
        poll(&mut flow, 8, true),
        (vec![1], Poll::Ready(Ok(Drained::Completed)))
    );
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.pace(2, PER)).check().await;
    Conform::new(|source| source.pace(2, PER).burst(7))
        .check()
        .await;
    Conform::new(|source| {
        let kept = captured();
        source.pace(2, PER).weigh(move |n| kept.with(n % 3))
    })
    .check()
    .await;
    Conform::new(|source| source.pace(1, Duration::ZERO))
        .check()
        .await;
}
