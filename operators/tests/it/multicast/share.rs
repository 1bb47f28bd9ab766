use std::{
    future::poll_fn,
    ops::ControlFlow,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    time::Duration,
};

use thalweg_core::{Cx, Drained, DropReason, Fault, Observable};
use thalweg_operators::{
    Flow, IntoFlow,
    multicast::Share,
    testing::{
        Broken, Conform, Event, Marbles, Probe, Script, assert_marbles, cold, probe, record,
    },
};
use tokio::{
    task::yield_now,
    time::{Instant, sleep, sleep_until, timeout},
};

use crate::poll::poll;

const FRAME: Duration = Duration::from_millis(1);

/// A source that counts how often it is started.
fn counted(
    diagram: &str,
) -> (
    Flow<impl Observable<Item = char, Error = Broken> + Clone + Send + 'static + use<>>,
    Arc<AtomicU32>,
) {
    let starts = Arc::new(AtomicU32::new(0));
    let source = {
        let (starts, marbles) = (Arc::clone(&starts), cold(diagram));
        [()].flow()
            .map(Ok::<_, Broken>)
            .raise()
            .concat_map(move |()| {
                starts.fetch_add(1, SeqCst);
                marbles.clone()
            })
    };
    (source, starts)
}

/// What a subscriber sees from `frame` on, in frames since the call.
async fn at<O: Observable>(frame: u32, flow: Flow<O>) -> Vec<(u64, Event<O::Item, O::Error>)> {
    let start = Instant::now();
    sleep_until(start + FRAME * frame).await;
    let events = record(flow).await;
    let shift = |(at, event)| (at + u64::from(frame), event);
    events.into_iter().map(shift).collect()
}

fn text<E>(events: Vec<(u64, Event<char, E>)>) -> String {
    let words = events.into_iter().map(|(at, event)| match event {
        Event::Item(item) => format!("{at}{item}"),
        Event::Completed => format!("{at}|"),
        Event::Failed(_) => format!("{at}#"),
    });
    words.collect::<Vec<_>>().join(" ")
}

#[tokio::test(start_paused = true)]
async fn one_subscriber_sees_the_source() {
    assert_marbles(cold("-a-b--(cd)-|").share(), "-a-b--(cd)-|").await;
    assert_marbles(cold("-a-#").share(), "-a-#").await;
    assert_marbles(cold("|").share(), "|").await;
}

#[tokio::test(start_paused = true)]
async fn all_see_one_run_from_their_first_poll_on() {
    let (source, starts) = counted("-a-b-c|");
    let shared = source.share();
    let (first, second) = tokio::join!(at(0, shared.clone()), at(2, shared.clone()));
    assert_eq!(text(first), "1a 3b 5c 6|");
    assert_eq!(text(second), "3b 5c 6|");
    assert_eq!(starts.load(SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn an_error_reaches_all_and_the_next_starts_anew() {
    let (source, starts) = counted("-a-#");
    let shared = source.share();
    let (first, second, third) = tokio::join!(
        at(0, shared.clone()),
        at(2, shared.clone()),
        at(9, shared.clone())
    );
    assert_eq!(
        (text(first), text(second)),
        ("1a 3#".to_owned(), "3#".to_owned())
    );
    assert_eq!(text(third), "10a 12#");
    assert_eq!(starts.load(SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn those_who_subscribe_again_at_the_end_share_the_next_run() {
    let (source, starts) = counted("-1-2-3----4-|");
    let shared = source.share();
    let three_times = || {
        let again = shared.clone();
        let turns = (0..3).flow().map(Ok::<_, Fault<Broken>>).raise();
        turns.concat_map(move |_| again.clone())
    };
    let (first, second) = tokio::join!(at(0, three_times()), at(4, three_times()));
    assert_eq!(
        text(first),
        "11 32 53 104 131 152 173 224 251 272 293 344 36|"
    );
    assert_eq!(text(second), "53 104 131 152 173 224 251 272 293 344 36|");
    assert_eq!(starts.load(SeqCst), 3);
}

#[tokio::test(start_paused = true)]
async fn a_stop_of_one_ends_it_and_a_stop_of_all_ends_the_source() {
    async fn stopped(flow: &mut Flow<Share<Probe>>) -> (Vec<u32>, bool) {
        let mut seen = Vec::new();
        let end = timeout(
            FRAME,
            poll_fn(|task| {
                let mut cx = Cx::new(task).with_stop(true);
                Pin::new(&mut *flow).poll_drain(&mut cx, |item| {
                    seen.push(item);
                    ControlFlow::Continue(())
                })
            }),
        );
        let ended = end.await == Ok(Ok(Drained::Completed));
        (seen, ended)
    }
    let (source, log) = probe(Script::Idle(3));
    let shared = source.share();
    let (mut first, mut second) = (shared.clone(), shared.clone());
    let both = tokio::join!(first.next(), second.next());
    assert_eq!(both, (Ok(Some(0)), Ok(Some(0))));
    assert_eq!(stopped(&mut first).await, (vec![1, 2], true));
    assert!(!log.saw_stop());
    assert_eq!(second.next().await, Ok(Some(1)));
    assert_eq!(stopped(&mut second).await, (vec![2], true));
    assert!(log.saw_stop());
}

#[tokio::test(start_paused = true)]
async fn without_a_reset_the_end_is_kept_for_those_who_come_late() {
    let failed = cold("-a-#").share().reset_on_error(false);
    let (_, late) = tokio::join!(at(0, failed.clone()), at(9, failed.clone()));
    assert_eq!(text(late), "9#");
    let completed = cold("-a-|").share().reset_on_completion(false);
    let (_, late) = tokio::join!(at(0, completed.clone()), at(9, completed.clone()));
    assert_eq!(text(late), "9|");
    let again = cold("-a-|").share();
    let (_, late) = tokio::join!(at(0, again.clone()), at(9, again.clone()));
    assert_eq!(text(late), "10a 12|");
}

#[tokio::test(start_paused = true)]
async fn the_source_is_dropped_when_the_last_leaves_and_starts_anew() {
    let (source, log) = probe(Script::Idle(3));
    let shared = source.share();
    let (mut first, mut second) = (shared.clone(), shared.clone());
    assert_eq!(first.next().await, Ok(Some(0)));
    assert!(
        timeout(FRAME, second.next()).await.is_err(),
        "it came too late for the items"
    );
    drop(first);
    drop(second);
    yield_now().await;
    let polls = log.polls();
    let mut third = shared.clone();
    assert_eq!(third.next().await, Ok(Some(0)), "a run of its own");
    assert!(log.polls() > polls);
    drop((third, shared));
    yield_now().await;
    assert!(log.is_dropped());
}

#[tokio::test(start_paused = true)]
async fn grace_lets_the_source_run_on() {
    let (source, starts) = counted("-a-b-c-d-e-f|");
    let shared = source.share().grace(FRAME * 4);
    let (first, back) = tokio::join!(at(0, shared.clone().take(1)), at(4, shared.clone().take(1)));
    assert_eq!(
        (text(first), text(back)),
        ("1a 1|".to_owned(), "5c 5|".to_owned())
    );
    assert_eq!(starts.load(SeqCst), 1);
    sleep(FRAME * 5).await;
    assert_eq!(text(at(0, shared.clone().take(1)).await), "1a 1|");
    assert_eq!(starts.load(SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_source_may_run_on_until_the_last_clone_is_dropped() {
    let (source, log) = probe(Script::Idle(3));
    let shared = source.share().reset_on_zero(false);
    assert_eq!(shared.clone().next().await, Ok(Some(0)));
    sleep(FRAME).await;
    let mut late = shared.clone();
    assert!(
        timeout(FRAME, late.next()).await.is_err(),
        "nothing is sent again"
    );
    drop((late, shared));
    yield_now().await;
    assert!(log.is_dropped());
}

#[tokio::test(start_paused = true)]
async fn a_notifier_resets_when_nobody_is_subscribed() {
    let (source, starts) = counted("-a-b-c-d-e-f|");
    let shared = source.share().reset_on_zero_by(|| cold("---r"));
    let pair = || shared.clone().take(2);
    // Gone from 3 to 5: it runs on, and the notifier is dropped.
    assert_eq!(text(at(0, pair()).await), "1a 3b 3|");
    assert_eq!(text(at(2, pair()).await), "2c 4d 4|");
    assert_eq!(starts.load(SeqCst), 1);
    // Gone from 7 to 11: it begins anew.
    assert_eq!(text(at(4, pair()).await), "5a 7b 7|");
    assert_eq!(starts.load(SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_notifier_that_signals_at_once_resets_before_the_next_subscribes() {
    let (source, starts) = counted("-a-b-c-|");
    let shared = source.share().reset_on_zero_by(|| [0, 1].flow());
    let again = shared.clone();
    let both = shared.take(1).concat(again.take(1));
    assert_marbles(both, "-a(a|)").await;
    assert_eq!(starts.load(SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_notifier_without_an_item_resets_nothing() {
    for notifier in ["|", "-|", "-#", "#"] {
        let (source, starts) = counted("-a-b-c-d-|");
        let shared = source.share().reset_on_zero_by(move || cold(notifier));
        assert_eq!(text(at(0, shared.clone().take(1)).await), "1a 1|");
        sleep(FRAME * 3).await;
        assert_eq!(text(at(0, shared.clone()).await), "1c 3d 5|", "{notifier}");
        assert_eq!(starts.load(SeqCst), 1);

        let ended = |diagram| {
            let shared = cold(diagram).share();
            let shared = shared.reset_on_completion_by(move || cold(notifier));
            shared.reset_on_error_by(move |_| cold(notifier))
        };
        for (diagram, late) in [("-a|", "9|"), ("-a#", "9#")] {
            let shared = ended(diagram);
            let (_, end) = tokio::join!(at(0, shared.clone()), at(9, shared.clone()));
            assert_eq!(text(end), late);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_notifier_resets_after_the_end() {
    let completed = cold("-a|").share().reset_on_completion_by(|| cold("--r"));
    let failed = cold("-a#").share().reset_on_error_by(|fault| {
        assert_eq!(*fault, Fault::Upstream(Broken));
        cold("--r")
    });
    for (shared, end) in [(completed, '|'), (failed, '#')] {
        let run = tokio::join!(
            at(0, shared.clone()),
            at(3, shared.clone()),
            at(5, shared.clone())
        );
        let run = (text(run.0), text(run.1), text(run.2));
        assert_eq!(run.0, format!("1a 2{end}"));
        assert_eq!(run.1, format!("3{end}"));
        assert_eq!(run.2, format!("6a 7{end}"));
    }
}

#[tokio::test(start_paused = true)]
async fn who_subscribes_again_at_the_end_starts_anew_if_the_notifier_signals_at_once() {
    let (source, starts) = counted("-a#");
    let shared = source.share().reset_on_error_by(|_| ['r'].flow());
    let again = shared.clone();
    let retried = shared.catch(move |_| again.clone());
    assert_marbles(retried, "-a-a#").await;
    assert_eq!(starts.load(SeqCst), 2);
}

#[tokio::test]
async fn a_panic_of_a_notifier_is_an_error_at_every_subscriber() {
    let shared = [1].flow().share().reset_on_completion_by(|| -> Flow<Probe> {
        panic!("no notifier")
    });
    let text = shared.count().await.unwrap_err().to_string();
    assert!(text.ends_with("no notifier"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn the_slowest_holds_back_the_source() {
    let (source, log) = probe(Script::Endless);
    let shared = source.share().capacity(8);
    let (mut fast, mut slow) = (shared.clone(), shared.clone());
    let (a, b) = tokio::join!(fast.next(), slow.next());
    assert_eq!((a, b), (Ok(Some(0)), Ok(Some(0))));
    for n in 1..8 {
        assert_eq!(fast.next().await, Ok(Some(n)));
    }
    sleep(FRAME).await;
    assert!(log.produced() <= 9, "{}", log.produced());
    for n in 1..8 {
        assert_eq!(slow.next().await, Ok(Some(n)));
    }
    assert_eq!(fast.next().await.map(|item| item.is_some()), Ok(true));
}

#[tokio::test(start_paused = true)]
async fn a_lagging_subscriber_is_told_what_it_missed_and_holds_back_nobody() {
    let shared = (0..100).flow().share().capacity(8);
    let (mut lagging, mut newest) = (shared.clone().lagging(10), shared.clone().newest());
    let mut plan = shared.plan();
    let all = tokio::spawn(shared.collect::<Vec<_>>());
    let first = tokio::join!(lagging.next(), newest.next());
    let missed = first.0.unwrap().unwrap().unwrap_err().missed();
    let mut seen = Vec::new();
    while let Some(item) = lagging.next().await.unwrap() {
        seen.push(item.unwrap());
    }
    assert_eq!((missed, seen), (90, (90..100).collect()));
    assert_eq!(first.1, Ok(Some(99)));
    assert_eq!(newest.next().await, Ok(None));
    assert_eq!(all.await.unwrap().unwrap().len(), 100);
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!((counts.received, counts.emitted), (300, 111));
    assert_eq!(
        (counts.dropped_by(DropReason::Overflow), counts.in_flight()),
        (189, 0)
    );
}

#[tokio::test]
async fn a_panic_of_the_source_is_an_error_at_every_subscriber() {
    let shared = (0..5)
        .flow()
        .inspect(|n| assert!(*n < 3, "three is too many"))
        .share();
    let ends = tokio::join!(shared.clone().count(), shared.clone().collect::<Vec<_>>());
    let text = ends.0.unwrap_err().to_string();
    assert!(
        text.contains("share at") && text.ends_with("three is too many"),
        "{text}"
    );
    assert!(ends.1.unwrap_err().is_panic());
}

#[tokio::test(start_paused = true)]
async fn a_source_that_cannot_be_cloned_runs_once() {
    let stream = tokio_stream::iter(0..3);
    let shared = stream.flow().share_once();
    let late = shared.clone();
    assert_eq!(shared.collect::<Vec<_>>().await, Ok(vec![0, 1, 2]));
    assert_eq!(late.collect::<Vec<_>>().await, Ok(vec![]));
    let failing = cold("a#").share_once();
    let late = failing.clone();
    assert!(failing.count().await.is_err());
    assert!(late.count().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_clone_starts_idle_and_one_of_an_ended_flow_has_ended() {
    let mut shared: Flow<Share<Marbles>> = cold("a-b|").share();
    assert_eq!(shared.next().await, Ok(Some('a')));
    let mut other = shared.clone();
    assert_eq!(shared.next().await, Ok(Some('b')));
    assert_eq!(other.next().await, Ok(None), "it began after the last item");
    assert_eq!(shared.next().await, Ok(None));
    assert_eq!(shared.clone().next().await, Ok(None));
}

#[test]
#[should_panic(expected = "a subscriber that may lag by 0 items gets nothing")]
fn to_lag_by_none_is_refused_at_the_call() {
    let _ = cold("-a|").share().lagging(0);
}

#[test]
#[should_panic(expected = "a share of 0 items lets nothing through")]
fn of_none_is_refused_at_the_call() {
    let _ = cold("-a|").share().capacity(0);
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    for capacity in [1, 2, 1000] {
        Conform::new(|source| source.share().capacity(capacity))
            .has_tasks()
            .check()
            .await;
    }
    Conform::new(|source| {
        let shared = source.share().reset_on_zero_by(|| [()].flow());
        let shared = shared.reset_on_completion_by(|| [()].flow());
        shared.reset_on_error_by(|_| [()].flow())
    })
    .has_tasks()
    .check()
    .await;
    Conform::new(|source| source.share_once())
        .has_tasks()
        .check()
        .await;
    Conform::new(|source| source.share().lagging(5))
        .has_tasks()
        .any_sequence()
        .check()
        .await;
    Conform::new(|source| source.share().newest())
        .has_tasks()
        .any_sequence()
        .check()
        .await;
    Conform::new(|source| {
        let shared = source.share();
        shared.clone().merge(shared)
    })
    .has_tasks()
    .interleaves()
    .any_sequence()
    .check()
    .await;
}

#[tokio::test(start_paused = true)]
async fn one_may_subscribe_and_be_polled_within_the_emission_of_another() {
    let shared = cold("-a-b-c-|").share();
    let mut late = shared.clone().boxed();
    let (mut seen, mut seen_late) = (Vec::new(), Vec::new());
    shared
        .for_each(|letter| {
            seen.push(letter);
            seen_late.extend(poll(&mut late, Cx::DEFAULT_BUDGET, false).0);
        })
        .await
        .unwrap();
    assert_eq!(seen, ['a', 'b', 'c']);
    assert!("bc".starts_with(&seen_late.into_iter().collect::<String>()));
}
