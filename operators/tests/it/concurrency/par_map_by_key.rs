use std::{collections::HashMap, convert::Infallible, future::ready, sync::Arc, task::Poll, time::Duration};

use proptest::prelude::*;
use thalweg_core::{Cx, Sink};
use thalweg_operators::{
    IntoFlow,
    concurrency::{KeyLimits, Valve},
    testing::{Conform, Script, assert_marbles, captured, cold, probe},
};
use tokio::{
    task::yield_now,
    time::{Instant, sleep},
};

use crate::poll::poll;

const STEP: Duration = Duration::from_millis(4);

async fn after_step(letter: char) -> char {
    sleep(STEP).await;
    letter
}

#[tokio::test(start_paused = true)]
async fn one_of_a_key_runs_at_once_and_keys_run_side_by_side() {
    let flow = cold("    -a-b-C---|").par_map_by_key(
        |letter| letter.is_uppercase(),
        KeyLimits::new(8),
        after_step,
    );
    assert_marbles(flow, "-----a---(Cb|)").await;
}

#[tokio::test(start_paused = true)]
async fn the_total_is_bounded_too() {
    let each = |letter: &char| *letter;
    let flow = cold("    (abcd)|").par_map_by_key(each, KeyLimits::new(2), after_step);
    assert_marbles(flow, "----(ab)(cd|)").await;
}

#[tokio::test(start_paused = true)]
async fn starts_of_one_key_keep_their_distance() {
    let limits = KeyLimits::new(8).per_key(8).delay(Duration::from_millis(6));
    let flow = cold("    (abC)-----------|").par_map_by_key(
        |letter| letter.is_uppercase(),
        limits,
        after_step,
    );
    assert_marbles(flow, "----(aC)--b-----|").await;
}

#[tokio::test(start_paused = true)]
async fn the_distance_may_differ_by_key_and_outlives_the_work() {
    let limits =
        KeyLimits::new(8).delay_by(|upper| Duration::from_millis(if *upper { 10 } else { 0 }));
    // B comes when A is long done, and still keeps away from it.
    let flow = cold("    (aA)--(bB)-------------|").par_map_by_key(
        |letter| letter.is_uppercase(),
        limits,
        after_step,
    );
    assert_marbles(flow, "----(aA)--b---B--------|").await;
}

#[tokio::test(start_paused = true)]
async fn results_of_a_key_stay_in_order_unless_told_otherwise() {
    let work = |letter: char| async move {
        sleep(Duration::from_millis(match letter {
            'a' => 6,
            'b' => 2,
            _ => 3,
        }))
        .await;
        letter
    };
    let limits = KeyLimits::new(8).per_key(2);
    let flow =
        cold("(abC)------|").par_map_by_key(|letter| letter.is_uppercase(), limits.clone(), work);
    assert_marbles(flow, "---C--(ab)-|").await;
    let flow = cold("(abC)------|").par_map_by_key(
        |letter| letter.is_uppercase(),
        limits.unordered(),
        work,
    );
    assert_marbles(flow, "--bC--a----|").await;
}

#[tokio::test(start_paused = true)]
async fn a_busy_key_does_not_starve_the_others() {
    let items = [(0, 100), (1, 1), (2, 1)];
    let items = items
        .into_iter()
        .flat_map(|(key, count)| (0..count).map(move |n| (key, n)));
    let order = items
        .flow()
        .par_map_by_key(
            |(key, _)| *key,
            KeyLimits::new(1).waiting(1000),
            |item| async move { item },
        )
        .collect::<Vec<_>>()
        .await
        .unwrap();
    assert_eq!(order[..5], [(0, 0), (1, 0), (2, 0), (0, 1), (0, 2)]);
}

#[tokio::test(start_paused = true)]
async fn the_waiting_room_is_bounded() {
    let (source, log) = probe(Script::Endless);
    let limits = KeyLimits::new(2).waiting(10);
    let mut flow = source
        .par_map_by_key(
            |_| (),
            limits,
            |n| async move {
                sleep(STEP).await;
                n
            },
        )
        .boxed();
    assert_eq!(flow.next().await, Ok(Some(0)));
    assert!(
        (11..=12).contains(&log.produced()),
        "{} pulled",
        log.produced()
    );
}

#[tokio::test(start_paused = true)]
async fn keys_without_work_are_forgotten() {
    let flow = (0..10_000)
        .flow()
        .par_map_by_key(|n| *n, KeyLimits::new(4), |n| async move { n });
    let mut flow = Box::pin(flow.into_inner());
    let mut most = 0;
    loop {
        let mut one = None;
        let drained = std::future::poll_fn(|task| {
            use thalweg_core::{Cx, Observable};
            flow.as_mut().poll_drain(&mut Cx::new(task), |n| {
                one = Some(n);
                std::ops::ControlFlow::Break(())
            })
        })
        .await;
        most = most.max(flow.known_keys());
        if one.is_none() && drained == Ok(thalweg_core::Drained::Completed) {
            break;
        }
    }
    // Four run, 64 wait, and a few are done.
    assert!(most <= 4 + 64 + 4, "{most} keys known");
    assert_eq!(flow.known_keys(), 0);
}

#[tokio::test(start_paused = true)]
async fn on_a_stop_what_waits_can_be_dropped() {
    for (drop_waiting, expected) in [
        (false, "in 10, out 10"),
        (true, "in 10, out 2, dropped 8 (cancelled)"),
    ] {
        let mut limits = KeyLimits::new(2).per_key(2);
        if drop_waiting {
            limits = limits.drop_waiting_on_stop();
        }
        let flow = (0..10).flow().par_map_by_key(
            |_| (),
            limits,
            |n| async move {
                sleep(STEP).await;
                n
            },
        );
        let run = flow.spawn_into(Discard);
        sleep(Duration::from_millis(1)).await;
        let plan = run.stop(Duration::from_secs(1)).await.unwrap();
        let counts = plan.find("par_map_by_key").unwrap().counts().unwrap();
        assert_eq!(counts.to_string(), format!("{expected}, in flight 0"));
    }
}

struct Discard;

impl<T: Send> thalweg_core::Sink<T> for Discard {
    type Error = std::convert::Infallible;

    async fn write(&mut self, batch: &mut Vec<T>) -> Result<(), Self::Error> {
        batch.clear();
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_an_error_and_loses_no_sibling() {
    let mut seen = Vec::new();
    let fault = (0..6)
        .flow()
        .par_map_by_key(
            |n| n % 2,
            KeyLimits::new(4),
            |n| async move {
                assert!(n != 2, "not two");
                n
            },
        )
        .for_each(|n| seen.push(n))
        .await
        .unwrap_err();
    assert!(fault.to_string().ends_with("not two"), "{fault}");
    assert_eq!(fault.stage().unwrap().name(), "par_map_by_key");
    seen.sort_unstable();
    assert_eq!(seen, [0, 1, 3, 4, 5]);
}

#[tokio::test(start_paused = true)]
async fn results_that_wait_for_a_slow_one_are_bounded() {
    let (source, log) = probe(Script::Endless);
    let limits = KeyLimits::new(4).per_key(2).waiting(8);
    let flow = source.par_map_by_key(
        |_| (),
        limits,
        |n| async move {
            if n == 0 {
                sleep(1000 * STEP).await;
            }
            n
        },
    );
    let bound = flow.plan().bound().unwrap() as u64;
    let mut flow = flow.boxed();
    for _ in 0..100 {
        let (items, _) = poll(&mut flow, Cx::DEFAULT_BUDGET, false);
        assert_eq!(items, [0_u32; 0]);
        yield_now().await;
    }
    assert!(
        log.produced() <= bound,
        "{} held, {bound} told",
        log.produced()
    );
}

#[tokio::test(start_paused = true)]
async fn a_distance_without_end_lets_one_of_a_key_through() {
    let limits = KeyLimits::new(8).delay(Duration::MAX);
    let mut flow = cold("(aab)|")
        .par_map_by_key(|letter| *letter, limits, after_step)
        .boxed();
    assert_eq!(
        (flow.next().await, flow.next().await),
        (Ok(Some('a')), Ok(Some('b')))
    );
    assert_eq!(poll(&mut flow, Cx::DEFAULT_BUDGET, false).1, Poll::Pending);
}

#[tokio::test(start_paused = true)]
async fn what_runs_and_what_waits_is_counted_when_the_flow_is_dropped() {
    let mut flow = (0..3)
        .flow()
        .par_map_by_key(|_| (), KeyLimits::new(2), |_| sleep(STEP))
        .boxed();
    let mut plan = flow.plan();
    assert_eq!(poll(&mut flow, Cx::DEFAULT_BUDGET, false).1, Poll::Pending);
    drop(flow);
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!(
        counts.to_string(),
        "in 3, out 0, dropped 3 (cancelled), in flight 0"
    );
}

#[tokio::test(start_paused = true)]
async fn what_the_delay_is_made_of_is_dropped_at_the_end() {
    let token = Arc::new(());
    let kept = Arc::clone(&token);
    let limits = KeyLimits::new(8)
        .delay_by(move |_| STEP * u32::try_from(Arc::strong_count(&kept)).unwrap());
    let mut flow = cold("(ab)|")
        .par_map_by_key(|letter| *letter, limits, after_step)
        .boxed();
    while flow.next().await.unwrap().is_some() {}
    assert_eq!(Arc::strong_count(&token), 1);
}

proptest! {
    /// Random items, durations and limits: every item comes out once, in order within its key, never more at once than
    /// allowed, and never closer than allowed.
    #[test]
    fn order_limits_and_distance_hold(
        items in proptest::collection::vec((0..5_usize, 0..6_u64), 0..60),
        total in 1..6_usize,
        per_key in 1..4_usize,
        delay in 0..4_u64,
        waiting in 1..20_usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let expected = items.clone();
        let (results, starts) = runtime.block_on(async move {
            let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
            let limits = KeyLimits::new(total)
                .per_key(per_key)
                .delay(Duration::from_millis(delay))
                .waiting(waiting);
            let results = items
                .into_iter()
                .enumerate()
                .flow()
                .par_map_by_key(|(_, (key, _))| *key, limits, move |(number, (key, time))| {
                    let told = told.clone();
                    async move {
                        told.send((key, Instant::now(), 1)).unwrap();
                        sleep(Duration::from_millis(time)).await;
                        told.send((key, Instant::now(), -1)).unwrap();
                        (number, (key, time))
                    }
                })
                .collect::<Vec<_>>()
                .await
                .unwrap();
            let mut events = Vec::new();
            while let Ok(event) = heard.try_recv() {
                events.push(event);
            }
            (results, events)
        });
        let mut sorted = results.clone();
        sorted.sort_unstable();
        prop_assert!(sorted.into_iter().map(|(_, item)| item).eq(expected));
        let mut last = HashMap::new();
        for (number, (key, _)) in results {
            if let Some(before) = last.insert(key, number) {
                prop_assert!(before < number, "key {key} out of order");
            }
        }
        let (mut running, mut of_key, mut started) = (0, HashMap::new(), HashMap::new());
        for (key, at, change) in starts {
            running += change;
            *of_key.entry(key).or_insert(0) += change;
            prop_assert!(running <= i32::try_from(total).unwrap());
            prop_assert!(of_key[&key] <= i32::try_from(per_key).unwrap());
            if change == 1 && let Some(before) = started.insert(key, at) {
                prop_assert!(at - before >= Duration::from_millis(delay), "key {key} too soon");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    for limits in [KeyLimits::new(1), KeyLimits::new(8).per_key(2).waiting(1)] {
        Conform::new(|source| {
            let kept = captured();
            let also = kept.clone();
            source.par_map_by_key(
                move |n| kept.with(n % 4),
                limits.clone(),
                move |n| ready(also.with(n)),
            )
        })
        .has_tasks()
        .any_sequence()
        .check()
        .await;
    }
    Conform::new(|source| {
        let kept = captured();
        let limits = KeyLimits::new(2).delay_by(move |_| kept.with(Duration::from_millis(1)));
        source.par_map_by_key(|n| n % 4, limits, ready)
    })
    .has_tasks()
    .any_sequence()
    .check()
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_valve_pauses_starts_and_what_runs_goes_on() {
    let valve = Valve::new();
    let limits = KeyLimits::new(2).per_key(2).valve(&valve);
    let mut flow = "abcd".chars().flow().par_map_by_key(|_| (), limits, after_step);
    assert_eq!(flow.next().await, Ok(Some('a')));
    valve.pause();
    assert!(valve.is_paused());
    assert_eq!(flow.next().await, Ok(Some('b')), "it was under way");
    let paused_at = Instant::now();
    let (next, ()) = tokio::join!(flow.next(), async {
        sleep(10 * STEP).await;
        valve.resume();
    });
    assert_eq!(next, Ok(Some('c')));
    assert_eq!(paused_at.elapsed(), 11 * STEP);
    assert_eq!(flow.collect::<String>().await, Ok("d".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_valve_keeps_starts_apart_over_all_keys() {
    let valve = Valve::new();
    valve.keep_apart(Duration::from_millis(100));
    assert_eq!(valve.interval(), Duration::from_millis(100));
    let limits = KeyLimits::new(8).valve(&valve);
    let start = Instant::now();
    let mut flow = (0..6).flow().par_map_by_key(
        |n| *n,
        limits,
        move |_| async move { start.elapsed().as_millis() },
    );
    for expected in [0, 100, 200] {
        assert_eq!(flow.next().await, Ok(Some(expected)));
    }
    // The limit falls while the flow waits for it.
    let (next, ()) = tokio::join!(flow.next(), async { valve.keep_apart(Duration::ZERO) });
    assert_eq!(next, Ok(Some(200)));
    assert_eq!(flow.collect::<Vec<_>>().await, Ok(vec![200, 200]));
}

struct Nowhere;

impl Sink<i32> for Nowhere {
    type Error = Infallible;

    async fn write(&mut self, batch: &mut Vec<i32>) -> Result<(), Infallible> {
        batch.clear();
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_pause_does_not_hold_up_a_stop() {
    let valve = Valve::new();
    valve.pause();
    let limits = KeyLimits::new(8).valve(&valve);
    let mut run = (1..=3)
        .flow()
        .par_map_by_key(|n| *n, limits, |n| async move { n })
        .spawn_into(Nowhere);
    yield_now().await;
    run.request_stop();
    assert!(run.join().await.is_ok());
}
