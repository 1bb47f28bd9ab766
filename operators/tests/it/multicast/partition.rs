use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use proptest::prelude::*;
use thalweg_core::{Cx, Drained, Observable};
use thalweg_operators::{
    IntoFlow,
    testing::{Broken, Conform, Event, Script, assert_marbles, captured, cold, probe, record},
};
use tokio::{task::yield_now, time::timeout};

use crate::poll::poll;

const FRAME: Duration = Duration::from_millis(1);

fn text(events: Vec<(u64, Event<char, Broken>)>) -> String {
    let words = events.into_iter().map(|(at, event)| match event {
        Event::Item(item) => format!("{at}{item}"),
        Event::Completed => format!("{at}|"),
        Event::Failed(Broken) => format!("{at}#"),
    });
    words.collect::<Vec<_>>().join(" ")
}

#[tokio::test(start_paused = true)]
async fn each_item_goes_one_way() {
    for (diagram, upper, lower) in [
        ("-a-B--(cD)-|", "3B 6D 11|", "1a 6c 11|"),
        ("-a-B-#", "3B 5#", "1a 5#"),
        ("--|", "2|", "2|"),
        ("-a-b-|", "5|", "1a 3b 5|"),
    ] {
        let (first, second) = cold(diagram).partition(char::is_ascii_uppercase);
        let (first, second) = tokio::join!(record(first), record(second));
        assert_eq!((text(first), text(second)), (upper.into(), lower.into()));
    }
}

#[tokio::test(start_paused = true)]
async fn there_is_one_run_of_the_source_and_it_is_dropped_at_its_end() {
    let (source, log) = probe(Script::Items(10));
    let (even, mut odd) = source.partition(|n| n % 2 == 0);
    assert_eq!(even.collect::<Vec<_>>().await, Ok(vec![0, 2, 4, 6, 8]));
    assert!(log.is_dropped());
    assert_eq!(odd.next().await, Ok(Some(1)));
    assert_eq!(odd.collect::<Vec<_>>().await, Ok(vec![3, 5, 7, 9]));
    assert_eq!((log.produced(), log.polls_after_end()), (10, 0));
}

#[tokio::test(start_paused = true)]
async fn one_that_is_full_holds_back_the_other_until_it_is_read_or_dropped() {
    let (source, log) = probe(Script::Endless);
    let (mut even, mut odd) = source.partition(|n| n % 2 == 0);
    let mut seen = 0;
    while let Ok(Ok(Some(_))) = timeout(FRAME, even.next()).await {
        seen += 1;
    }
    assert!((1000..=1024).contains(&seen), "{seen}");
    let produced = log.produced();
    assert!(produced <= 2 * 1024 + 64, "{produced}");
    // Half of what waits has to be read before it is worth a wake.
    for n in 0..600 {
        assert_eq!(odd.next().await, Ok(Some(2 * n + 1)));
    }
    assert!(timeout(FRAME, even.next()).await.is_ok());
    drop(odd);
    let mut plan = even.plan();
    for _ in 0..5_000 {
        assert!(even.next().await.is_ok());
    }
    drop(even);
    assert!(log.is_dropped());
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!((counts.received, counts.in_flight()), (log.produced(), 0));
}

#[tokio::test(start_paused = true)]
async fn one_that_is_not_polled_any_more_does_not_hang_the_other() {
    let (mut upper, lower) = cold("--A-b-C-d-|").partition(char::is_ascii_uppercase);
    // It is the one that has polled the source last.
    assert!(timeout(FRAME, upper.next()).await.is_err());
    let lower = tokio::spawn(record(lower));
    yield_now().await;
    assert!(timeout(FRAME * 2, upper.next()).await.is_ok());
    let seen = timeout(FRAME * 100, lower).await.unwrap().unwrap();
    assert_eq!(text(seen), "3b 7d 9|");
    assert_eq!(upper.next().await, Ok(Some('C')));
}

#[tokio::test(start_paused = true)]
async fn one_may_be_polled_within_the_emission_of_the_other() {
    let (even, odd) = (0..100_u32).flow().partition(|n| n % 2 == 0);
    let mut odd = odd.boxed();
    let (mut seen, mut others) = (Vec::new(), Vec::new());
    even.for_each(|n| {
        seen.push(n);
        others.extend(poll(&mut odd, 7, false).0);
    })
    .await
    .unwrap();
    others.extend(odd.collect::<Vec<_>>().await.unwrap());
    assert_eq!((seen.len(), others.len()), (50, 50));
    assert!(others.is_sorted());
}

#[test]
fn a_stop_of_one_ends_it_and_a_stop_of_both_ends_the_source() {
    let (source, log) = probe(Script::Endless);
    let (mut even, mut odd) = source.partition(|n| n % 2 == 0);
    assert!(poll(&mut even, 2, false).0.is_empty());
    let mut seen = poll(&mut even, 1, true).0;
    assert!(!log.saw_stop());
    while let (items, Poll::Ready(Ok(Drained::Exhausted)) | Poll::Pending) =
        poll(&mut even, 1, true)
    {
        seen.extend(items);
    }
    assert_eq!(seen, [0]);
    assert!(!log.saw_stop(), "the other goes on");
    assert_eq!(poll(&mut odd, 1, false).0, [1]);
    assert!(poll(&mut odd, 0, true).0.is_empty());
    assert!(log.saw_stop());
    assert_eq!(
        poll(&mut odd, 8, true),
        (vec![], Poll::Ready(Ok(Drained::Completed)))
    );
}

#[test]
fn a_panic_of_the_source_reaches_both() {
    let source = (0..4)
        .flow()
        .inspect(|n| assert!(*n < 2, "two is too many"));
    let (mut even, mut odd) = source.partition(|n| n % 2 == 0);
    let panic = |flow: &mut _| {
        let payload = catch_unwind(AssertUnwindSafe(|| poll(flow, 100, false))).unwrap_err();
        match payload.downcast::<String>() {
            Ok(text) => *text,
            Err(payload) => (*payload.downcast::<&str>().unwrap()).to_owned(),
        }
    };
    assert_eq!(panic(&mut even), "two is too many");
    let text = panic(&mut odd);
    assert!(
        text.contains("partition at") && text.contains("partition.rs"),
        "{text}"
    );
}

proptest! {
    #[test]
    fn nothing_is_lost_or_reordered(steps in prop::collection::vec((any::<bool>(), 0..6_u32, any::<bool>()), 0..60)) {
        let (source, _log) = probe(Script::Stuttering(40));
        let (even, odd) = source.partition(|n| n % 2 == 0);
        let mut plan = even.plan();
        let mut flows = [even, odd];
        let mut seen = [Vec::new(), Vec::new()];
        let mut task = Context::from_waker(Waker::noop());
        for (which, budget, breaks) in steps {
            let which = usize::from(which);
            let mut cx = Cx::new(&mut task).with_budget(budget);
            let _ = Pin::new(&mut flows[which]).poll_drain(&mut cx, |n| {
                seen[which].push(n);
                if breaks { std::ops::ControlFlow::Break(()) } else { std::ops::ControlFlow::Continue(()) }
            });
            for (which, seen) in seen.iter().enumerate() {
                let expected: Vec<_> = (0..40).filter(|n| *n as usize % 2 == which).take(seen.len()).collect();
                prop_assert_eq!(seen, &expected);
            }
            plan.refresh();
            let counts = plan.stages()[0].counts().unwrap();
            prop_assert_eq!(counts.emitted, (seen[0].len() + seen[1].len()) as u64);
            prop_assert_eq!(counts.dropped(), 0);
        }
        drop(flows);
        plan.refresh();
        prop_assert_eq!(plan.stages()[0].counts().unwrap().in_flight(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| {
        let kept = captured();
        source.partition(move |n| kept.with(n % 3 == 0)).0
    })
    .check()
    .await;
    Conform::new(|source| {
        let kept = captured();
        let (first, second) = source.partition(move |n| kept.with(n % 3 == 0));
        first.merge(second)
    })
    .interleaves()
    .any_sequence()
    .check()
    .await;
    assert_marbles(cold("-a|").partition(|_| true).0, "-a|").await;
}
