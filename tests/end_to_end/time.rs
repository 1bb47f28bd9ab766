use std::time::Duration;

use thalweg::{
    prelude::*,
    sources::{Interval, interval, interval_now, timer},
};
use thalweg_operators::testing::assert_marbles;
use tokio::time::{Instant, advance};

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[tokio::test(start_paused = true)]
async fn an_interval_ticks_first_after_its_period_or_at_once() {
    let missed = |tick: thalweg::sources::Tick| tick.missed;
    assert_marbles(
        interval(millis(3)).take(3).map(missed),
        "     ---0--0--(0|)",
    )
    .await;
    assert_marbles(interval_now(millis(3)).take(3).map(missed), " 0--0--(0|)").await;
}

#[tokio::test(start_paused = true)]
async fn a_timer_emits_once() {
    assert_marbles(timer(millis(4)).map(|()| 't'), "----(t|)").await;
    assert_marbles(timer(Duration::ZERO).map(|()| 't'), "(t|)").await;
}

#[tokio::test(start_paused = true)]
async fn ticks_that_nobody_had_time_for_are_skipped_and_told() {
    let start = Instant::now();
    let mut ticks = interval(millis(10));
    ticks.next().await.unwrap();
    // Ticks were due at 20, 30 and 40.
    advance(millis(35)).await;
    let late = ticks.next().await.unwrap().unwrap();
    assert_eq!((late.at - start, late.missed), (millis(40), 2));
    let next = ticks.next().await.unwrap().unwrap();
    assert_eq!((next.at - start, next.missed), (millis(50), 0));
    assert_eq!(start.elapsed(), millis(50));
}

#[tokio::test(start_paused = true)]
async fn a_burst_makes_up_for_what_was_missed_and_a_delay_shifts_what_comes() {
    for (interval, expected) in [
        (Interval::new(millis(10)).burst(), [10, 20, 30, 40, 50]),
        (Interval::new(millis(10)).delay(), [10, 45, 55, 65, 75]),
    ] {
        let start = Instant::now();
        let mut ticks = interval.flow();
        let mut seen = Vec::new();
        for turn in 0..5 {
            let tick = ticks.next().await.unwrap().unwrap();
            assert_eq!(tick.missed, 0);
            seen.push((tick.at - start).as_millis());
            if turn == 0 {
                advance(millis(35)).await;
            }
        }
        assert_eq!(seen, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_clone_of_an_interval_starts_anew() {
    let start = Instant::now();
    let mut ticks = interval(millis(10));
    ticks.next().await.unwrap();
    advance(millis(5)).await;
    let anew = ticks.clone().next().await.unwrap().unwrap();
    assert_eq!(anew.at - start, millis(25));
}

#[tokio::test(start_paused = true)]
async fn a_period_beyond_the_end_of_the_clock_never_ticks() {
    assert_marbles(interval(Duration::MAX).map(|tick| tick.missed), "-").await;
    assert_marbles(timer(Duration::MAX).map(|()| 't'), "-").await;
}

#[test]
#[should_panic(expected = "an interval of 0 is always due")]
fn an_interval_of_0_panics_at_the_call() {
    let _ = interval(Duration::ZERO);
}
