use std::{future::poll_fn, ops::ControlFlow, pin::pin, sync::Arc, task::Poll};

use thalweg_core::{Cx, Drained, DropReason, Observable};
use thalweg_operators::{
    IntoFlow,
    testing::{Broken, Conform, ProbeLog, Script, assert_marbles, captured, cold, probe},
    transform::UNLIMITED,
};

use crate::poll::poll;

#[tokio::test(start_paused = true)]
async fn inner_flows_run_at_once() {
    let flow = cold("    -a---b----|").merge_map(UNLIMITED, |letter| {
        cold("            --1--2--3|").map(move |n| format!("{letter}{n}"))
    });
    assert_marbles(flow, "---{a1}--{a2}{b1}-{a3}{b2}--{b3}|").await;
}

#[tokio::test(start_paused = true)]
async fn no_more_than_the_limit_run_and_the_others_wait() {
    let flow = cold("    abc|").merge_map(2, |_| cold("---1--2|"));
    assert_marbles(flow, "---11-22--1--2|").await;
}

#[tokio::test(start_paused = true)]
async fn one_at_a_time_is_one_after_the_other() {
    let flow = cold("    a--b-------|").merge_map(1, |_| cold("-1--2|"));
    assert_marbles(flow, "-1--2-1--2-|").await;
}

#[tokio::test(start_paused = true)]
async fn of_those_that_wake_at_one_instant_the_oldest_goes_first() {
    // The flow of `c` has the slot of that of `a`, which has ended.
    let flow = cold("    -a-b--c|").merge_map(UNLIMITED, |letter| {
        let inner = match letter {
            'a' => "--1|",
            'b' => "------1--2|",
            _ => "------1----2|",
        };
        cold(inner).map(move |n| format!("{letter}{n}"))
    });
    assert_marbles(flow, "---{a1}-----{b1}--({b2}{c1})-{c2}|").await;
}

#[tokio::test(start_paused = true)]
async fn completion_waits_for_all() {
    assert_marbles(cold("a|").merge_map(4, |_| cold("---1-|")), "---1-|").await;
    assert_marbles(cold("a----|").merge_map(4, |_| cold("-1|")), "-1---|").await;
    assert_marbles(cold("--|").merge_map(4, |_| cold("-1|")), "--|").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_of_any_is_the_end_and_drops_the_others() {
    let (idle, log) = probe(Script::Idle(0));
    let mut idle = Some(idle);
    let flow = cold("ab-|").merge_map(2, move |letter| match idle.take() {
        Some(idle) => idle.map(move |_| letter).boxed(),
        None => cold("-1-#").boxed(),
    });
    let mut plan = flow.plan();
    assert_marbles(flow, "--1-#").await;
    assert!(log.is_dropped());
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!(
        (counts.received, counts.dropped_by(DropReason::Failed)),
        (2, 2)
    );
    assert_marbles(cold("a--#").merge_map(2, |_| cold("-1---2|")), "-1-#").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_source_is_the_end_also_with_every_place_taken() {
    assert_marbles(cold("a--#").merge_map(1, |_| cold("-1---2|")), "-1-#").await;
    // Not before an item that came before it, which waits for a place.
    assert_marbles(cold("ab-#").merge_map(1, |_| cold("-1---2|")), "-1---2#").await;
}

#[tokio::test(start_paused = true)]
async fn at_one_instant_the_source_goes_first() {
    assert_marbles(cold("a--#").merge_map(2, |_| cold("-1-2|")), "-1-#").await;
    let flow = cold("    a--b--|").merge_map(2, |letter| {
        cold(if letter == 'a' { "---1|" } else { "2----3|" })
    });
    assert_marbles(flow, "---(21)-3|").await;
}

#[tokio::test]
async fn each_inner_flow_is_run_before_the_next_is_made() {
    let flow = (0..3)
        .flow()
        .merge_map(UNLIMITED, |n| [n * 10, n * 10 + 1].flow());
    assert_eq!(
        flow.collect::<Vec<_>>().await,
        Ok(vec![0, 1, 10, 11, 20, 21])
    );
}

#[tokio::test]
async fn inner_flows_that_always_have_items_take_turns() {
    let flow = ["a", "b", "c"]
        .flow()
        .merge_map(2, |name| (0..).flow().map(move |_| name));
    let seen: String = flow.take(320).collect().await.unwrap();
    assert_eq!(
        seen,
        ["a", "b", "a", "b", "a"]
            .map(|turn| turn.repeat(64))
            .concat()
    );
}

#[tokio::test(start_paused = true)]
async fn a_poll_costs_what_woke() {
    let logs: Vec<(_, Arc<ProbeLog>)> = (0..100).map(|_| probe(Script::Idle(0))).collect();
    let (idle, logs): (Vec<_>, Vec<_>) = logs.into_iter().unzip();
    let flow = idle
        .into_iter()
        .map(|idle| idle.map(|_| ' ').boxed())
        .chain([cold("-a-b-c-d|").boxed()])
        .flow()
        .map(Ok::<_, Broken>)
        .raise()
        .merge_map(UNLIMITED, |flow| flow);
    assert_marbles(flow, "-a-b-c-d").await;
    assert!(logs.iter().all(|log| log.polls() == 1));
}

#[tokio::test]
async fn a_stop_reaches_all_also_without_a_budget_and_with_every_place_taken() {
    let (source, source_log) = probe(Script::Endless);
    let (inner, inner_log) = probe(Script::Idle(0));
    let mut flow = pin!(source.merge_map(3, move |_| inner.clone()));
    for (stopping, budget) in [(false, 100), (true, 0)] {
        let drained = poll_fn(|task| {
            let mut cx = Cx::new(task).with_stop(stopping).with_budget(budget);
            Poll::Ready(
                flow.as_mut()
                    .poll_drain(&mut cx, |_| ControlFlow::Continue(())),
            )
        })
        .await;
        assert_eq!(drained.is_pending(), !stopping);
    }
    assert_eq!(source_log.produced(), 3);
    assert!(source_log.saw_stop() && inner_log.saw_stop());
    assert_eq!(inner_log.polls(), 6);
    let drained = poll_fn(|task| {
        let mut cx = Cx::new(task).with_stop(true);
        Poll::Ready(
            flow.as_mut()
                .poll_drain(&mut cx, |_| ControlFlow::Continue(())),
        )
    })
    .await;
    assert_eq!(drained, Poll::Ready(Ok(Drained::Completed)));
}

#[tokio::test]
async fn a_clone_runs_by_itself() {
    let flow = (0..4).flow().merge_map(2, |n| [n, n].flow());
    let mut begun = flow.clone();
    assert_eq!(begun.next().await, Ok(Some(0)));
    assert_eq!(
        begun.clone().collect::<Vec<_>>().await,
        Ok(vec![0, 1, 1, 2, 2, 3, 3])
    );
    assert_eq!(flow.count().await, Ok(8));
}

#[test]
#[should_panic(expected = "merge_map of 0 flows at once lets nothing through")]
fn of_none_is_refused_at_the_call() {
    let _ = cold("-a|").merge_map(0, |_| cold("-1|"));
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    for limit in [1, 3, UNLIMITED] {
        Conform::new(|source| {
            let kept = captured();
            source.merge_map(limit, move |n| {
                kept.with([n, n + 1]).flow().with_error::<Broken>()
            })
        })
        .interleaves()
        .check()
        .await;
    }
    // The source as an inner flow.
    Conform::new(|source| {
        let kept = captured();
        [source]
            .flow()
            .with_error::<Broken>()
            .merge_map(2, move |inner| kept.with(inner))
    })
    .check()
    .await;
}

#[tokio::test]
async fn flows_that_wake_after_an_error_are_not_looked_for() {
    let (source, _) = probe(Script::Items(2));
    let mut flow = source.merge_map(UNLIMITED, |n| {
        probe(if n == 0 {
            Script::Endless
        } else {
            Script::Failing(0)
        })
        .0
    });
    while flow.next().await.is_ok() {}
    assert_eq!(flow.next().await, Ok(None));
    assert_eq!(
        poll(&mut flow, 8, false).1,
        Poll::Ready(Ok(Drained::Completed))
    );
}

#[tokio::test(start_paused = true)]
async fn flows_that_do_not_wake_are_not_polled() {
    let (mut inner, logs): (Vec<_>, Vec<_>) = (0..1000).map(|_| probe(Script::Idle(0))).unzip();
    inner.push(probe(Script::Stuttering(50)).0);
    let flow = inner
        .into_iter()
        .flow()
        .with_error()
        .merge_map(UNLIMITED, |inner| inner);
    assert_eq!(flow.take(50).count().await, Ok(50));
    assert!(logs.iter().all(|log| log.polls() == 1));
}
