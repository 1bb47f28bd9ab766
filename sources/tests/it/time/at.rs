use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::{Duration, SystemTime},
};

use futures_util::FutureExt as _;
use thalweg::{
    prelude::*,
    sources::{At, Occurrence},
};
use thalweg_operators::testing::assert_marbles;
use tokio::time::{Instant, advance};

use crate::contract::assert_conforms;

const EPOCH: SystemTime = SystemTime::UNIX_EPOCH;

fn instants(millis: &[u64]) -> Vec<SystemTime> {
    millis.iter().map(|millis| EPOCH + Duration::from_millis(*millis)).collect()
}

/// A wall clock that stands at the epoch now, and goes with the runtime's.
fn clock() -> impl Fn() -> SystemTime + Send + Sync + 'static {
    let start = Instant::now();
    move || EPOCH + start.elapsed()
}

fn missed(occurrence: Occurrence) -> u64 {
    occurrence.missed
}

fn due(occurrence: Occurrence) -> u128 {
    occurrence.at.duration_since(EPOCH).unwrap().as_millis()
}

#[tokio::test(start_paused = true)]
async fn it_emits_at_each_instant_and_completes_after_the_last() {
    let flow = |millis: &[u64]| At::new(instants(millis)).clock(clock()).flow();
    assert_marbles(flow(&[4, 6, 9]).map(missed), "----0-0--(0|)").await;
    assert_marbles(flow(&[4]).map(due), "----(4|)").await;
    assert_marbles(flow(&[]).map(missed), "|").await;
}

#[tokio::test(start_paused = true)]
async fn what_has_passed_is_skipped_but_for_the_last_and_told() {
    let clock = clock();
    advance(Duration::from_millis(5)).await;
    let mut flow = At::new(instants(&[1, 3, 5, 8, 20])).clock(clock).flow();
    let first = flow.next().await.unwrap().unwrap();
    assert_eq!((due(first), first.missed), (5, 2));
    let second = flow.next().await.unwrap().unwrap();
    assert_eq!((due(second), second.missed), (8, 0));
    advance(Duration::from_millis(100)).await;
    let last = flow.next().await.unwrap().unwrap();
    assert_eq!((due(last), last.missed), (20, 0));
    assert_eq!(flow.next().await, Ok(None));
}

#[tokio::test(start_paused = true)]
async fn a_burst_makes_up_for_what_has_passed() {
    let clock = clock();
    advance(Duration::from_millis(5)).await;
    let flow = At::new(instants(&[1, 3, 8])).burst().clock(clock).flow();
    let all: Vec<_> = flow.map(|at| (due(at), at.missed)).collect().await.unwrap();
    assert_eq!(all, [(1, 0), (3, 0), (8, 0)]);
}

#[tokio::test(start_paused = true)]
async fn one_that_lies_before_the_one_before_it_is_due_at_once() {
    let flow = At::new(instants(&[4, 2, 9])).burst().clock(clock()).flow();
    assert_marbles(flow.map(due), "----(42)-(9|)").await;
}

#[tokio::test(start_paused = true)]
async fn it_conforms() {
    assert_conforms(|token| {
        let endless = (1..).map(move |n| {
            // Held as long as the iterator is.
            let one = Arc::strong_count(&token).min(1) as u64;
            EPOCH + Duration::from_millis(n * one)
        });
        At::new(endless).burst().clock(clock()).flow().map(due)
    })
    .await;
    assert_conforms(|_| At::new(instants(&[1, 1, 4, 9])).burst().clock(clock()).flow().map(due)).await;
    // With the default policy what is skipped is paid for, too.
    assert_conforms(|_| {
        let clock = clock();
        let past = (1..=300).map(|n| EPOCH - Duration::from_millis(300 - n));
        At::new(past).clock(clock).flow().map(missed)
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_endless_past_does_not_hold_the_thread() {
    let past = At::new(std::iter::repeat(EPOCH)).clock(clock()).flow();
    let endless = tokio::spawn(past.count());
    assert_eq!(tokio::spawn(async { "had its turn" }).await.unwrap(), "had its turn");
    endless.abort();
    assert!(endless.await.unwrap_err().is_cancelled());
}

#[tokio::test(start_paused = true)]
async fn a_wall_clock_that_is_set_forward_is_noticed_within_a_minute() {
    let set_by = Arc::new(AtomicU64::new(0));
    let (start, offset) = (Instant::now(), Arc::clone(&set_by));
    let clock = move || EPOCH + start.elapsed() + Duration::from_secs(offset.load(SeqCst));
    let day = Duration::from_hours(24);
    let mut flow = At::new([EPOCH + day]).clock(clock).flow();
    assert!(flow.next().now_or_never().is_none());
    set_by.store(day.as_secs(), SeqCst);
    assert!(flow.next().await.unwrap().is_some());
    assert!(start.elapsed() <= Duration::from_mins(1));
}

#[tokio::test(start_paused = true)]
async fn a_wall_clock_that_is_set_back_has_it_wait_longer_and_repeats_nothing() {
    let set_back = Arc::new(AtomicU64::new(0));
    let (start, offset) = (Instant::now(), Arc::clone(&set_back));
    let clock = move || EPOCH + start.elapsed() - Duration::from_secs(offset.load(SeqCst));
    let seconds = [10, 20].map(|seconds| EPOCH + Duration::from_secs(seconds));
    let mut flow = At::new(seconds).clock(clock).flow();
    flow.next().await.unwrap();
    set_back.store(3600, SeqCst);
    assert_eq!(flow.next().await.unwrap().map(missed), Some(0));
    assert_eq!(start.elapsed(), Duration::from_secs(3620));
}

#[tokio::test]
async fn it_goes_by_the_system_clock_unless_told_otherwise() {
    let now = SystemTime::now();
    let mut flow = thalweg::sources::at([now]);
    assert_eq!(flow.next().await, Ok(Some(Occurrence { at: now, missed: 0 })));
}
