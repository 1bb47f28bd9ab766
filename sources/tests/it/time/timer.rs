use std::time::Duration;

use thalweg::{
    prelude::*,
    sources::{Tick, Timer, timer},
};
use thalweg_operators::testing::assert_marbles;
use tokio::time::{Instant, advance};

use crate::contract::assert_conforms;

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn missed(tick: Tick) -> u64 {
    tick.missed
}

#[tokio::test(start_paused = true)]
async fn it_conforms() {
    assert_conforms(|_| timer(millis(4))).await;
    assert_conforms(|_| Timer::new(millis(4)).then_every(millis(2)).flow().map(missed)).await;
}

#[tokio::test(start_paused = true)]
async fn then_every_goes_on_after_the_first_time() {
    let periodic = |first| Timer::new(millis(first)).then_every(millis(2)).flow().map(missed);
    assert_marbles(periodic(4).take(4), "----0-0-0-(0|)").await;
    assert_marbles(periodic(0).take(3), "0-0-(0|)").await;
}

#[tokio::test(start_paused = true)]
async fn then_every_tells_what_was_missed() {
    let start = Instant::now();
    let mut ticks = Timer::new(millis(5)).then_every(millis(10)).flow();
    ticks.next().await.unwrap();
    // Ticks were due at 15, 25 and 35.
    advance(millis(32)).await;
    let late = ticks.next().await.unwrap().unwrap();
    assert_eq!((late.at - start, late.missed), (millis(35), 2));
}

#[tokio::test(start_paused = true)]
async fn then_every_has_the_place_of_its_timer() {
    let plan = Timer::new(millis(5)).then_every(millis(10)).flow().plan();
    assert_eq!(plan.stages()[0].name(), "timer");
}

#[test]
#[should_panic(expected = "an interval of 0 is always due")]
fn then_every_0_panics_at_the_call() {
    let _ = Timer::new(millis(5)).then_every(Duration::ZERO);
}
