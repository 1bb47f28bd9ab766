use std::time::Duration;

use futures_util::FutureExt;
use thalweg::{
    Flow, IntoFlow,
    sources::{Interval, Tick, interval, interval_now},
};
use tokio::time::{Instant, advance};

use crate::contract::assert_conforms;

const PERIOD: Duration = Duration::from_secs(1);

/// When each tick was due, in milliseconds, how many were missed before it, and when it came.
type Seen = (u128, u64, u128);

fn seen(begin: Instant, tick: Tick) -> Seen {
    let since = |instant: Instant| (instant - begin).as_millis();
    (since(tick.at), tick.missed, since(Instant::now()))
}

/// The ticks of a consumer that is busy for so long after the first one, and has all time in the world from then on.
async fn after_a_pause(ticks: Interval, busy: u64, count: usize) -> Vec<Seen> {
    let begin = Instant::now();
    let mut ticks = ticks.flow();
    let mut all = vec![seen(begin, next(&mut ticks).await)];
    advance(Duration::from_millis(busy)).await;
    while all.len() < count {
        all.push(seen(begin, next(&mut ticks).await));
    }
    all
}

async fn next(ticks: &mut Flow<Interval>) -> Tick {
    ticks.next().await.unwrap().expect("it never completes")
}

#[tokio::test(start_paused = true)]
async fn late_by_several_periods_it_skips_them_and_the_tick_tells_how_many() {
    let late = after_a_pause(Interval::new(PERIOD), 3500, 4).await;
    assert_eq!(late, [(1000, 0, 1000), (4000, 2, 4500), (5000, 0, 5000), (6000, 0, 6000)]);
    // At the very instant of a tick that is not a missed one.
    let late = after_a_pause(Interval::new(PERIOD), 3000, 3).await;
    assert_eq!(late, [(1000, 0, 1000), (4000, 2, 4000), (5000, 0, 5000)]);
    // Late, and not by a whole period.
    let late = after_a_pause(Interval::new(PERIOD), 1900, 3).await;
    assert_eq!(late, [(1000, 0, 1000), (2000, 0, 2900), (3000, 0, 3000)]);
}

#[tokio::test(start_paused = true)]
async fn late_by_several_periods_a_burst_makes_up_for_them_all() {
    let late = after_a_pause(Interval::new(PERIOD).burst(), 3500, 6).await;
    let made_up = [(2000, 0, 4500), (3000, 0, 4500), (4000, 0, 4500)];
    assert_eq!(late[0], (1000, 0, 1000));
    assert_eq!(late[1..4], made_up);
    assert_eq!(late[4..], [(5000, 0, 5000), (6000, 0, 6000)]);
}

#[tokio::test(start_paused = true)]
async fn late_by_several_periods_a_delay_begins_anew_when_the_tick_came() {
    let late = after_a_pause(Interval::new(PERIOD).delay(), 3500, 4).await;
    assert_eq!(late, [(1000, 0, 1000), (4500, 0, 4500), (5500, 0, 5500), (6500, 0, 6500)]);
}

#[tokio::test(start_paused = true)]
async fn ticks_that_are_missed_within_the_poll_of_one_are_told_by_the_next() {
    let begin = Instant::now();
    let mut all = Vec::new();
    let busy = interval_now(PERIOD).take(4).inspect(|tick: &Tick| {
        all.push(seen(begin, *tick));
        // As a closure that takes its time: the clock goes on, and nobody polls meanwhile.
        if all.len() == 2 {
            let _ = advance(Duration::from_millis(2500)).now_or_never();
        }
    });
    assert_eq!(busy.count().await, Ok(4));
    assert_eq!(all, [(0, 0, 0), (1000, 0, 1000), (3000, 1, 3500), (4000, 0, 4000)]);
}

#[tokio::test(start_paused = true)]
async fn it_conforms() {
    let period = Duration::from_millis(3);
    assert_conforms(|_| interval(period).map(|tick| tick.missed)).await;
    assert_conforms(|_| interval_now(period).map(|tick| tick.missed)).await;
}
