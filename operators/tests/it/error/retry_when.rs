use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    task::Poll,
};

use thalweg::{Cx, Drained, StagePlan};
use thalweg_operators::{
    Flow, IntoFlow,
    testing::{Broken, Conform, Script, assert_marbles, captured, cold, hot, probe},
};

use crate::poll::poll;

#[tokio::test(start_paused = true)]
async fn each_item_of_the_companion_begins_an_attempt() {
    let companion = hot("------x------x----");
    let flow = cold("    -a-#").retry_when(|_| companion).take(3);
    assert_marbles(flow, "-a-----a------(a|)").await;
}

#[tokio::test(start_paused = true)]
async fn without_a_failure_there_is_no_companion() {
    let flow = cold("-a-|").retry_when(|_| -> Flow<thalweg_operators::testing::Marbles> {
        unreachable!("it did not fail")
    });
    assert_marbles(flow, "-a-|").await;
}

#[tokio::test(start_paused = true)]
async fn the_completion_of_the_companion_completes_and_its_error_fails() {
    assert_marbles(cold("-a-#").retry_when(|_| cold("|")), "-a-|").await;
    assert_marbles(cold("-a-#").retry_when(|_| cold("--|")), "-a---|").await;
    assert_marbles(cold("-a-#").retry_when(|_| cold("--#")), "-a---#").await;
    assert_marbles(cold("-a-#").retry_when(|_| cold("-")), "-a--").await;
}

#[tokio::test(start_paused = true)]
async fn both_end_an_attempt_that_runs() {
    let flow = cold("    --a--b--#").retry_when(|_| cold("-x---|"));
    assert_marbles(flow, "--a--b-----a-|").await;
    let flow = cold("    --a--b--#").retry_when(|_| cold("-x---#"));
    assert_marbles(flow, "--a--b-----a-#").await;
}

#[tokio::test(start_paused = true)]
async fn a_companion_that_ends_with_an_item_leaves_that_attempt_no_time() {
    let flow = cold("    -a#").retry_when(|errors| errors.take(2));
    assert_marbles(flow, "-a-a|").await;
    // However it is pulled.
    let flow = || cold("(ab#)").retry_when(|errors| errors.take(2));
    assert_marbles(flow(), "(abab|)").await;
    let mut flow = flow();
    for letter in ['a', 'b', 'a', 'b'] {
        assert_eq!(flow.next().await, Ok(Some(letter)));
    }
    assert_eq!(flow.next().await, Ok(None));
}

#[tokio::test(start_paused = true)]
async fn an_item_that_comes_while_an_attempt_runs_begins_the_next() {
    let flow = cold("    -a--#").retry_when(|_| cold("x-x-----#"));
    assert_marbles(flow, "-a---a---a--#").await;
}

#[tokio::test(start_paused = true)]
async fn a_companion_that_always_has_an_item_is_asked_for_one_at_a_time() {
    let (companion, log) = probe(Script::Endless);
    let mut flow = cold("-a#").retry_when(|_| companion);
    for _ in 0..3 {
        assert_eq!(flow.next().await, Ok(Some('a')));
    }
    assert!(log.produced() <= 3, "{log:?}");
    // One that is always busy does not keep the attempt from running.
    let (companion, log) = probe(Script::Endless);
    let flow = cold("a#").retry_when(|_| companion.filter(|n| *n == 5000));
    let mut flow = flow.take(2);
    assert_eq!(flow.next().await, Ok(Some('a')));
    assert_eq!(flow.next().await, Ok(Some('a')));
    assert!(log.produced() > 5000);
}

#[tokio::test(start_paused = true)]
async fn the_companion_sees_every_error_and_may_raise_it() {
    let mut seen = 0;
    let flow = cold("    -a#").retry_when(|errors| {
        errors
            .map(|Broken| {
                seen += 1;
                if seen < 3 { Ok(()) } else { Err(Broken) }
            })
            .raise()
    });
    assert_marbles(flow, "-a-a-a#").await;
    assert_eq!(seen, 3);
}

#[tokio::test(start_paused = true)]
async fn a_notifier_for_every_failure_is_a_companion_too() {
    // Its first item begins the next attempt.
    let mut waits = ["-x", "--xx", "---x-x"].into_iter().cycle();
    let flow = cold("    -a#")
        .retry_when(|errors| errors.concat_map(|_| cold(waits.next().unwrap_or_default()).take(1)));
    assert_marbles(flow.take(5), "-a--a---a----a--(a|)").await;
    // One that completes without an item completes the result, one that fails fails it.
    for (last, expected) in [("--|", "-a--a--|"), ("--#", "-a--a--#")] {
        let mut notifiers = ["-x", last].into_iter();
        let flow = cold("-a#").retry_when(|errors| {
            errors
                .concat_map(|_| {
                    let notifier = cold(notifiers.next().unwrap_or_default());
                    let nothing = [None].flow().with_error();
                    notifier.map(Some).concat(nothing).take(1)
                })
                .take_while(Option::is_some)
        });
        assert_marbles(flow, expected).await;
    }
    // A hot one is heard anew after every failure.
    let hot = hot("------x------x----");
    let flow = cold("    -a#").retry_when(|errors| errors.switch_map(|_| hot.clone().take(1)));
    assert_marbles(flow.take(3), "-a-----a------(a|)").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_that_was_not_looked_at_is_replaced() {
    let failures = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&failures);
    let source = cold("#").map_err(move |Broken| counter.fetch_add(1, SeqCst));
    let mut seen = Vec::new();
    let flow = source.retry_when(|errors| {
        // Looks at an error, and lets three attempts begin before it looks again.
        errors
            .inspect(|failure| seen.push(*failure))
            .concat_map(|_| (0..3).flow().with_error())
            .take(8)
    });
    assert_eq!(flow.count().await, Ok(0));
    assert_eq!(failures.load(SeqCst), 8);
    assert_eq!(seen, [0, 2, 5], "those between were replaced");
}

#[tokio::test(start_paused = true)]
async fn the_attempt_that_failed_is_dropped_before_the_companion_is_made() {
    let (source, log) = probe(Script::Failing(2));
    let dropped = source.retry_when(|errors| {
        assert!(!log.is_dropped(), "the one to clone is there");
        errors
    });
    let items = dropped.take(4).collect::<Vec<_>>();
    assert_eq!(items.await, Ok(vec![0, 1, 0, 1]));
    assert!(log.is_dropped());
}

#[tokio::test]
async fn a_source_that_fails_at_once_does_not_hold_the_thread() {
    let (source, log) = probe(Script::Failing(0));
    let mut flow = source.retry_when(|errors| errors);
    let (_, rest) = poll(&mut flow, 100, false);
    assert_eq!(rest, Poll::Ready(Ok(Drained::Exhausted)));
    assert_eq!(log.polls(), 101);
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_a_wait_and_lets_an_attempt_drain() {
    let (source, log) = probe(Script::Failing(1));
    let (companion, companion_log) = probe(Script::Idle(0));
    let mut flow = source.retry_when(|_| companion);
    assert_eq!(poll(&mut flow, 8, false), (vec![0], Poll::Pending));
    let rest = Poll::Ready(Ok(Drained::Completed));
    assert_eq!(poll(&mut flow, 8, true), (vec![], rest));
    assert!(log.is_dropped() && companion_log.is_dropped());

    let (companion, companion_log) = probe(Script::Items(2));
    let mut flow = cold("a-#").retry_when(|_| companion);
    assert_eq!(flow.next().await, Ok(Some('a')));
    assert_eq!(flow.next().await, Ok(Some('a')));
    let rest = Poll::Ready(Ok(Drained::Completed));
    assert_eq!(poll(&mut flow, Cx::DEFAULT_BUDGET, true), (vec![], rest));
    assert!(companion_log.is_dropped());
}

#[tokio::test(start_paused = true)]
async fn a_flow_that_has_a_companion_cannot_be_cloned() {
    let mut flow = cold("a#").retry_when(|errors| errors.take(2));
    let pristine = flow.clone();
    assert_eq!(flow.next().await, Ok(Some('a')));
    assert_eq!(flow.clone().next().await, Ok(Some('a')));
    assert_eq!(flow.next().await, Ok(Some('a')));
    let clone = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| flow.clone()));
    assert!(clone.is_err());
    assert_marbles(pristine, "aa|").await;
}

#[tokio::test(start_paused = true)]
async fn the_plan_shows_the_companion_when_there_is_one() {
    let mut flow = cold("a#").retry_when(|errors| errors.map(drop));
    assert_eq!(flow.plan().stages().len(), 2);
    for _ in 0..2 {
        assert_eq!(flow.next().await, Ok(Some('a')));
    }
    let plan = flow.plan();
    let names: Vec<_> = plan.stages().iter().map(StagePlan::name).collect();
    assert_eq!(names, ["retry_when", "cold", "map", "errors"]);
    assert_eq!(plan.bound(), Some(1));
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| {
        let kept = captured();
        source.retry_when(move |errors| kept.with(errors.take(2)))
    })
    .handles_errors()
    .check()
    .await;
    // Boxed: what a companion takes is not the operator's.
    Conform::new(|source| {
        source.retry_when(|errors| {
            let mut left = 3;
            errors
                .map(move |error| {
                    left -= 1;
                    if left > 0 { Ok(()) } else { Err(error) }
                })
                .raise()
                .concat_map(|()| cold("--x").take(1))
                .boxed()
        })
    })
    .check()
    .await;
}
