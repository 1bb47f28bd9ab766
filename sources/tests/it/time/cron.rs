use std::{
    error::Error as _,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering::SeqCst},
    },
    time::{Duration, SystemTime},
};

use futures_util::FutureExt as _;
use jiff::{Timestamp, civil, tz::TimeZone};
use thalweg::{
    Flow,
    prelude::*,
    sources::{Cron, CronError, cron},
};
use tokio::time::{Instant, advance};

use crate::contract::assert_conforms;

fn wall(zone: &str, start: &str) -> SystemTime {
    let start: civil::DateTime = start.parse().unwrap();
    start.in_tz(zone).unwrap().timestamp().into()
}

/// A schedule in `zone` on a clock that shows `start` now, and goes with the runtime's.
fn starting(expression: &str, zone: &str, start: &str) -> Cron {
    let (start, origin) = (wall(zone, start), Instant::now());
    Cron::new(expression)
        .unwrap()
        .time_zone(zone)
        .unwrap()
        .clock(move || start + origin.elapsed())
}

/// The first occurrences after `start`, as they are written there; each comes at its very instant.
async fn occurrences(expression: &str, zone: &str, start: &str, count: u64) -> Vec<String> {
    let flow = starting(expression, zone, start).flow();
    let (begin, origin) = (wall(zone, start), Instant::now());
    let time_zone = TimeZone::get(zone).unwrap();
    let written = flow.take(count).map(move |occurrence| {
        assert_eq!(occurrence.missed, 0);
        assert_eq!(occurrence.at, begin + origin.elapsed(), "it came at another time");
        let there = Timestamp::try_from(occurrence.at).unwrap().to_zoned(time_zone.clone());
        there.strftime("%a %m-%d %H:%M:%S %:z").to_string()
    });
    written.collect().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn it_emits_whenever_the_time_matches() {
    assert_eq!(
        occurrences("30 9 * * MON-FRI", "UTC", "2026-05-08T08:00", 3).await,
        ["Fri 05-08 09:30:00 +00:00", "Mon 05-11 09:30:00 +00:00", "Tue 05-12 09:30:00 +00:00"]
    );
    assert_eq!(
        occurrences("*/20 0 * * *", "UTC", "2026-01-31T00:20", 2).await,
        ["Sat 01-31 00:40:00 +00:00", "Sun 02-01 00:00:00 +00:00"],
        "the instant at which it begins is not one of them"
    );
    assert_eq!(
        occurrences("*/30 59 23 L * *", "UTC", "2028-02-27T00:00", 2).await,
        ["Tue 02-29 23:59:00 +00:00", "Tue 02-29 23:59:30 +00:00"],
        "with seconds, and the last day of a leap February"
    );
}

#[tokio::test(start_paused = true)]
async fn days_are_told_by_their_date_or_their_weekday() {
    assert_eq!(
        occurrences("0 0 13 * FRI", "UTC", "2026-05-12T12:00", 2).await,
        ["Wed 05-13 00:00:00 +00:00", "Fri 05-15 00:00:00 +00:00"],
        "either will do"
    );
    assert_eq!(
        occurrences("0 0 * * FRI#2", "UTC", "2026-05-07T12:00", 1).await,
        ["Fri 05-08 00:00:00 +00:00"]
    );
    assert_eq!(
        occurrences("0 0 15W * *", "UTC", "2026-08-13T12:00", 1).await,
        ["Fri 08-14 00:00:00 +00:00"],
        "the 15th is a Saturday"
    );
    assert_eq!(
        occurrences("0 0 L * *", "UTC", "2028-02-27T12:00", 1).await,
        ["Tue 02-29 00:00:00 +00:00"]
    );
}

#[tokio::test(start_paused = true)]
async fn it_begins_between_two_seconds() {
    assert_eq!(
        occurrences("* * * * * *", "UTC", "2026-05-08T08:00:00.75", 2).await,
        ["Fri 05-08 08:00:01 +00:00", "Fri 05-08 08:00:02 +00:00"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_time_that_is_left_out_comes_at_the_end_of_the_gap() {
    // In Berlin the clock goes from 02:00 to 03:00 on March 29th, 2026.
    assert_eq!(
        occurrences("30 2 * * *", "Europe/Berlin", "2026-03-28T00:00", 3).await,
        ["Sat 03-28 02:30:00 +01:00", "Sun 03-29 03:00:00 +02:00", "Mon 03-30 02:30:00 +02:00"]
    );
    assert_eq!(
        occurrences("*/30 * * * *", "Europe/Berlin", "2026-03-29T01:00", 3).await,
        ["Sun 03-29 01:30:00 +01:00", "Sun 03-29 03:00:00 +02:00", "Sun 03-29 03:30:00 +02:00"],
        "what goes on at its pace goes on"
    );
}

#[tokio::test(start_paused = true)]
async fn a_time_that_comes_twice_counts_once_and_a_pace_goes_on() {
    // In Berlin the clock goes from 03:00 back to 02:00 on October 25th, 2026.
    assert_eq!(
        occurrences("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00", 2).await,
        ["Sun 10-25 02:30:00 +02:00", "Mon 10-26 02:30:00 +01:00"]
    );
    assert_eq!(
        occurrences("*/30 * * * *", "Europe/Berlin", "2026-10-25T01:45", 5).await,
        [
            "Sun 10-25 02:00:00 +02:00",
            "Sun 10-25 02:30:00 +02:00",
            "Sun 10-25 02:00:00 +01:00",
            "Sun 10-25 02:30:00 +01:00",
            "Sun 10-25 03:00:00 +01:00",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_day_has_23_or_25_hours_where_the_clocks_change() {
    for (start, hours) in [("2026-03-08T00:00", 23), ("2026-07-01T00:00", 24), ("2026-11-01T00:00", 25)] {
        let origin = Instant::now();
        let mut midnights = starting("0 0 * * *", "America/New_York", start).flow();
        midnights.next().await.unwrap();
        assert_eq!(origin.elapsed(), Duration::from_hours(hours), "{start}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_missed_is_skipped_and_told_or_made_up_for() {
    for (burst, expected) in [(false, vec![(3, 2), (4, 0)]), (true, vec![(1, 0), (2, 0), (3, 0), (4, 0)])] {
        let mut hourly = starting("0 * * * *", "UTC", "2026-05-08T00:00");
        if burst {
            hourly = hourly.burst();
        }
        let mut hourly = hourly.flow();
        let start = wall("UTC", "2026-05-08T00:00");
        // Begun, so that it knows what it misses.
        assert!(futures_util::FutureExt::now_or_never(hourly.next()).is_none());
        advance(Duration::from_mins(3 * 60 + 10)).await;
        for (hour, missed) in expected {
            let occurrence = hourly.next().await.unwrap().unwrap();
            assert_eq!(occurrence.at, start + Duration::from_hours(hour));
            assert_eq!(occurrence.missed, missed);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn years_of_missed_seconds_do_not_hold_the_thread() {
    let mut flow = Box::pin(starting("* * * * * *", "UTC", "2026-05-08T00:00").flow());
    flow.next().await.unwrap();
    advance(Duration::from_hours(24 * 365)).await;
    let (items, polled) = crate::contract::poll(flow.as_mut(), 1000, false).await;
    assert_eq!(items, 0);
    assert_eq!(polled, std::task::Poll::Ready(Ok(thalweg::Drained::Exhausted)));
}

#[tokio::test(start_paused = true)]
async fn it_completes_when_there_is_no_further_occurrence() {
    assert_eq!(
        occurrences("0 0 12 24,26 12 * 2026", "UTC", "2026-12-23T00:00", 9).await,
        ["Thu 12-24 12:00:00 +00:00", "Sat 12-26 12:00:00 +00:00"]
    );
    let never = starting("0 0 30 2 *", "UTC", "2026-01-01T00:00").flow();
    assert_eq!(never.count().await, Ok(0));
}

#[tokio::test(start_paused = true)]
async fn a_clock_beyond_the_calendar_ends_it() {
    let beyond = SystemTime::UNIX_EPOCH + Duration::from_hours(24 * 365 * 20_000);
    let flow = Cron::new("* * * * *").unwrap().clock(move || beyond).flow();
    assert_eq!(flow.count().await, Ok(0));
}

/// A wall clock that shows midnight and can be set, forward or back.
fn settable() -> (Arc<AtomicI64>, impl Fn() -> SystemTime + Send + Sync + 'static) {
    let set_by = Arc::new(AtomicI64::new(0));
    let (begin, origin, offset) = (wall("UTC", "2026-05-08T00:00"), Instant::now(), Arc::clone(&set_by));
    let clock = move || {
        let shown = begin + origin.elapsed();
        let offset = offset.load(SeqCst);
        let by = Duration::from_secs(offset.unsigned_abs());
        if offset < 0 { shown - by } else { shown + by }
    };
    (set_by, clock)
}

#[tokio::test(start_paused = true)]
async fn a_wall_clock_that_is_set_forward_is_noticed_within_a_minute_and_what_it_jumped_is_told() {
    let (set_by, clock) = settable();
    let start = Instant::now();
    let mut flow = Cron::new("0 * * * *").unwrap().time_zone("UTC").unwrap().clock(clock).flow();
    assert!(flow.next().now_or_never().is_none());
    set_by.store(5 * 3600 + 1, SeqCst);
    let occurrence = flow.next().await.unwrap().unwrap();
    assert_eq!(occurrence.missed, 4);
    assert_eq!(occurrence.at, wall("UTC", "2026-05-08T05:00"));
    assert!(start.elapsed() <= Duration::from_mins(1));
}

#[tokio::test(start_paused = true)]
async fn a_wall_clock_that_is_set_back_has_it_wait_longer_and_repeats_nothing() {
    let (set_by, clock) = settable();
    let start = Instant::now();
    let mut flow = Cron::new("0 * * * *").unwrap().time_zone("UTC").unwrap().clock(clock).flow();
    assert_eq!(flow.next().await.unwrap().unwrap().at, wall("UTC", "2026-05-08T01:00"));
    set_by.store(-3600, SeqCst);
    let second = flow.next().await.unwrap().unwrap();
    assert_eq!(second.at, wall("UTC", "2026-05-08T02:00"), "and not one o'clock again");
    assert_eq!(start.elapsed(), Duration::from_hours(3));
}

#[tokio::test(start_paused = true)]
async fn it_conforms() {
    assert_conforms(|_| starting("*/7 * * * *", "Asia/Kolkata", "2026-01-01T00:00").flow()).await;
}

#[tokio::test(start_paused = true)]
async fn a_clone_that_was_not_begun_starts_at_its_own_time() {
    let hourly = starting("0 * * * *", "UTC", "2026-05-08T00:00").flow();
    let later = hourly.clone();
    advance(Duration::from_mins(150)).await;
    let first = later.take(1).collect::<Vec<_>>().await.unwrap()[0];
    assert_eq!((first.at, first.missed), (wall("UTC", "2026-05-08T03:00"), 0));
}

#[test]
fn what_cannot_be_read_is_told_in_a_line() {
    for expression in ["", "* * * *", "61 * * * *", "* * * * MON-XYZ", "0 9 * * 1-", "\u{1F980} * * * *"] {
        let error = cron(expression).unwrap_err();
        assert!(matches!(&error, CronError::Expression { expression: given, .. } if given == expression));
        let line = error.to_string();
        assert!(line.starts_with(&format!("cannot read the cron expression {expression:?} (")), "{line}");
        assert_eq!(line.lines().count(), 1);
        assert!(error.source().is_none());
    }
    let error = Cron::new("* * * * *").unwrap().time_zone("Europe/Atlantis").unwrap_err();
    assert!(matches!(&error, CronError::TimeZone { name, .. } if name == "Europe/Atlantis"));
    let line = error.to_string();
    assert!(line.starts_with("cannot find the time zone \"Europe/Atlantis\" ("), "{line}");
    assert_eq!(line.lines().count(), 1);
}

#[test]
fn its_flow_cannot_fail_and_moves_to_other_tasks() {
    fn check(_: Flow<impl Observable<Error = Infallible> + Send + Clone>) {}
    check(cron("@daily").unwrap());
}
