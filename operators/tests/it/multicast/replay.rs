use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    time::Duration,
};

use thalweg_core::{Fault, Observable};
use thalweg_operators::{
    Flow, IntoFlow,
    testing::{Broken, Conform, Event, Script, assert_marbles, cold, probe, record},
    transform::UNLIMITED,
};
use tokio::{
    task::yield_now,
    time::{Instant, sleep, sleep_until, timeout},
};

const FRAME: Duration = Duration::from_millis(1);

/// What a subscriber sees from `frame` on, in frames since the call.
async fn at<O>(frame: u32, flow: Flow<O>) -> String
where
    O: Observable<Item = char>,
{
    let start = Instant::now();
    sleep_until(start + FRAME * frame).await;
    let words = record(flow).await.into_iter().map(|(at, event)| {
        let at = at + u64::from(frame);
        match event {
            Event::Item(item) => format!("{at}{item}"),
            Event::Completed => format!("{at}|"),
            Event::Failed(_) => format!("{at}#"),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

#[tokio::test(start_paused = true)]
async fn one_subscriber_sees_the_source() {
    assert_marbles(cold("-a-b--(cd)-|").replay(2), "-a-b--(cd)-|").await;
    assert_marbles(cold("-a-#").replay(2), "-a-#").await;
    assert_marbles(cold("-").replay(2), "-").await;
    assert_marbles(cold("|").replay_once(2), "|").await;
}

#[tokio::test(start_paused = true)]
async fn one_that_comes_late_gets_the_newest_first() {
    let replayed = cold("-a-b---c-d-|").replay(2);
    let seen = tokio::join!(
        at(0, replayed.clone()),
        at(2, replayed.clone()),
        at(5, replayed.clone()),
        at(8, replayed.clone()),
        at(20, replayed.clone()),
    );
    assert_eq!(seen.0, "1a 3b 7c 9d 11|");
    assert_eq!(seen.1, "2a 3b 7c 9d 11|");
    assert_eq!(seen.2, "5a 5b 7c 9d 11|");
    assert_eq!(seen.3, "8b 8c 9d 11|");
    assert_eq!(seen.4, "20c 20d 20|");
}

#[tokio::test(start_paused = true)]
async fn after_an_error_the_next_starts_anew() {
    let replayed = cold("-a-b-#").replay(2);
    let seen = tokio::join!(
        at(0, replayed.clone()),
        at(4, replayed.clone()),
        at(9, replayed.clone()),
    );
    assert_eq!(seen.0, "1a 3b 5#");
    assert_eq!(seen.1, "4a 4b 5#");
    assert_eq!(seen.2, "10a 12b 14#");
}

#[tokio::test(start_paused = true)]
async fn a_source_that_is_reset_takes_its_history_along() {
    let replayed = cold("-a-b-c-d-e-|").replay(1);
    assert_eq!(at(0, replayed.clone().take(2)).await, "1a 3b 3|");
    assert_eq!(at(2, replayed.clone().take(1)).await, "3a 3|");

    let kept = cold("-a-b-c-d-e-|").replay(1).reset_on_zero(false);
    assert_eq!(at(0, kept.clone().take(2)).await, "1a 3b 3|");
    assert_eq!(at(3, kept.clone().take(2)).await, "3c 4d 4|");
}

#[tokio::test(start_paused = true)]
async fn the_source_is_dropped_with_the_last_and_what_completed_is_kept() {
    let (source, log) = probe(Script::Idle(3));
    let replayed = source.replay(2);
    let (mut first, mut second) = (replayed.clone(), replayed.clone());
    assert_eq!(first.next().await, Ok(Some(0)));
    assert_eq!(second.next().await, Ok(Some(1)));
    drop((first, second));
    yield_now().await;
    let polls = log.polls();
    drop(replayed);
    yield_now().await;
    assert!(log.is_dropped());
    assert_eq!(log.polls(), polls);

    let completed = (0..5).flow().replay(2);
    assert_eq!(completed.clone().count().await, Ok(5));
    assert_eq!(completed.clone().count().await, Ok(2));
    assert_eq!(completed.collect::<Vec<_>>().await, Ok(vec![3, 4]));
}

#[tokio::test(start_paused = true)]
async fn what_is_too_old_is_forgotten() {
    let replayed = cold("-a--b----c-|").replay(UNLIMITED).ttl(FRAME * 4);
    let seen = tokio::join!(
        at(0, replayed.clone()),
        at(4, replayed.clone()),
        at(5, replayed.clone()),
        at(8, replayed.clone()),
        at(12, replayed.clone()),
        at(13, replayed.clone()),
    );
    assert_eq!(seen.0, "1a 4b 9c 11|");
    assert_eq!(seen.1, "4a 4b 9c 11|");
    // It is forgotten at the very instant.
    assert_eq!(seen.2, "5b 9c 11|");
    assert_eq!(seen.3, "9c 11|");
    assert_eq!(seen.4, "12c 12|");
    assert_eq!(seen.5, "13|");
}

#[tokio::test(start_paused = true)]
async fn what_is_forgotten_is_freed() {
    let made = Arc::new(Mutex::new(Vec::new()));
    let items = Arc::clone(&made);
    let source = (0..100).flow().pace(1, FRAME).map(move |n| {
        let item = Arc::new(n);
        items.lock().unwrap().push(Arc::downgrade(&item));
        item
    });
    let mut replayed = source.replay(UNLIMITED).ttl(FRAME * 10);
    let mut most = 0;
    while replayed.next().await.unwrap().is_some() {
        let made = made.lock().unwrap();
        let held = made.iter().filter(|item| item.strong_count() > 0);
        most = most.max(held.count());
    }
    assert!((10..=12).contains(&most), "{most}");
}

#[tokio::test(start_paused = true)]
async fn the_history_of_one_that_comes_late_does_not_hold_back_the_others() {
    let source = (0..10_000).flow().pace(10, FRAME);
    let replayed = source.replay(UNLIMITED);
    let mut early = replayed.clone();
    for n in 0..5_000 {
        assert_eq!(early.next().await, Ok(Some(n)));
    }
    let mut late = replayed.clone();
    assert_eq!(late.next().await, Ok(Some(0)));
    for n in 5_000..6_000 {
        assert_eq!(early.next().await, Ok(Some(n)));
    }
    // 1,024 items after it came it does.
    let more = timeout(FRAME * 1_000, async {
        while early.next().await.unwrap() != Some(6_100) {}
    });
    assert!(more.await.is_err());
    drop(early);
    for n in 1..10_000 {
        assert_eq!(late.next().await, Ok(Some(n)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_races_a_live_item_sees_it_once() {
    const ITEMS: u32 = 20_000;
    let replayed = (0..ITEMS).flow().replay(50).reset_on_zero(false);
    let first = tokio::spawn(replayed.clone().count());
    let joins = Arc::new(AtomicU32::new(0));
    let racer = || {
        let (replayed, joins) = (replayed.clone(), Arc::clone(&joins));
        tokio::spawn(async move {
            loop {
                let seen = replayed.clone().take(200).collect::<Vec<_>>().await.unwrap();
                assert!(seen.is_sorted_by(|a, b| a + 1 == *b), "{seen:?}");
                joins.fetch_add(1, SeqCst);
                if seen.last() == Some(&(ITEMS - 1)) {
                    return;
                }
            }
        })
    };
    let racers = [racer(), racer()];
    assert!(first.await.unwrap().is_ok());
    for racer in racers {
        racer.await.unwrap();
    }
    assert!(joins.load(SeqCst) >= 2);
}

#[tokio::test(start_paused = true)]
async fn the_books_balance_and_the_bound_is_told() {
    let replayed = cold("-a-b-c|").replay(2);
    let mut plan = replayed.plan();
    assert_eq!(plan.bound(), Some(1026));
    assert_eq!(cold("|").replay(UNLIMITED).plan().bound(), None);
    let _ = tokio::join!(at(0, replayed.clone()), at(4, replayed.clone().take(1)));
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!(
        counts.to_string(),
        "in 5, out 4, dropped 1 (cancelled), in flight 0"
    );
}

#[tokio::test(start_paused = true)]
async fn a_source_that_cannot_be_cloned_runs_once() {
    let replayed = tokio_stream::iter(0..3).flow().replay_once(2);
    assert_eq!(replayed.clone().count().await, Ok(3));
    assert_eq!(replayed.collect::<Vec<_>>().await, Ok(vec![1, 2]));
    let failing = cold("a#").replay_once(2);
    let late = failing.clone();
    assert_eq!(failing.count().await, Err(Fault::Upstream(Broken)));
    assert_eq!(at(0, late).await, "0a 0#");
}

#[test]
#[should_panic(expected = "a replay of 0 items is a share")]
fn of_none_is_refused_at_the_call() {
    let _ = cold("-a|").replay(0);
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    for capacity in [1, 3, UNLIMITED] {
        Conform::new(|source| source.replay(capacity).ttl(FRAME))
            .has_tasks()
            .check()
            .await;
    }
    Conform::new(|source| source.replay_once(5).reset_on_zero(false))
        .has_tasks()
        .check()
        .await;
    sleep(FRAME).await;
}
