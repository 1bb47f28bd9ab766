use std::{
    pin::pin,
    sync::{Arc, Mutex},
    task::Poll,
};

use thalweg_core::{Cx, Drained, DropReason};
use thalweg_operators::{
    IntoFlow,
    testing::{Broken, Conform, Script, assert_marbles, captured, cold, probe},
};

use crate::poll::poll;

#[tokio::test(start_paused = true)]
async fn items_that_come_while_one_waits_are_dropped() {
    let flow = cold("    -a--b---c----|")
        .exhaust_map(|letter| cold("            --1--2|").map(move |n| format!("{letter}{n}")));
    let mut plan = flow.plan();
    assert_marbles(flow, "---{a1}--{a2}---{c1}--{c2}|").await;
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!((counts.received, counts.emitted), (3, 2));
    assert_eq!(counts.dropped_by(DropReason::Overflow), 1);
}

#[tokio::test(start_paused = true)]
async fn an_item_at_the_instant_of_the_end_is_dropped() {
    let flow = cold("    ab-c-d|").exhaust_map(|letter| cold("-1-|").map(move |_| letter));
    assert_marbles(flow, "-a----d-|").await;
}

#[tokio::test(start_paused = true)]
async fn completion_waits_for_the_inner_flow_and_for_the_source() {
    assert_marbles(cold("a|").exhaust_map(|_| cold("---1|")), "---1|").await;
    assert_marbles(cold("a------|").exhaust_map(|_| cold("-1|")), "-1-----|").await;
    assert_marbles(cold("--|").exhaust_map(|_| cold("-1|")), "--|").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_of_either_is_the_end_at_once() {
    assert_marbles(cold("-a-b-|").exhaust_map(|_| cold("-1-#")), "--1-#").await;
    let flow = cold("-a--#").exhaust_map(|_| cold("-1-2-3|"));
    let mut plan = flow.plan();
    assert_marbles(flow, "--1-#").await;
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!(
        (counts.received, counts.dropped_by(DropReason::Failed)),
        (1, 1)
    );
}

#[tokio::test]
async fn of_what_never_waits_nothing_is_dropped_wherever_the_consumer_breaks() {
    let flow = (0..3).flow().exhaust_map(|n| [n * 10, n * 10 + 1].flow());
    assert_eq!(
        flow.clone().collect::<Vec<_>>().await,
        Ok(vec![0, 1, 10, 11, 20, 21])
    );
    let mut flow = pin!(flow);
    for expected in [0, 1, 10, 11, 20, 21] {
        assert_eq!(flow.next().await, Ok(Some(expected)));
    }
    assert_eq!(flow.next().await, Ok(None));
}

#[tokio::test]
async fn a_source_that_is_always_ready_does_not_starve_the_inner_flow() {
    let (source, log) = probe(Script::Endless);
    let mut flow = source.exhaust_map(|_| probe(Script::Stuttering(4)).0);
    let seen: Vec<_> = (0..5)
        .flat_map(|_| poll(&mut flow, Cx::DEFAULT_BUDGET, false).0)
        .collect();
    assert_eq!(seen, [0, 1, 2, 3]);
    assert!(log.produced() > 1000, "it is pulled all the while");
}

#[tokio::test]
async fn a_stop_reaches_both_at_once_also_when_the_inner_flow_has_items() {
    for script in [Script::Endless, Script::Idle(0)] {
        let (inner, inner_log) = probe(script);
        let inner = Arc::new(Mutex::new(Some(inner)));
        let (source, log) = probe(Script::Idle(1));
        let mut flow = source.exhaust_map(move |_| inner.lock().unwrap().take().unwrap());
        assert!(!matches!(
            poll(&mut flow, 8, false).1,
            Poll::Ready(Ok(Drained::Completed))
        ));
        assert_eq!(
            poll(&mut flow, 8, true).1,
            Poll::Ready(Ok(Drained::Completed))
        );
        assert!(log.saw_stop() && inner_log.saw_stop());
    }
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| {
        let kept = captured();
        source.exhaust_map(move |n| kept.with([n, n + 1]).flow().with_error::<Broken>())
    })
    .check()
    .await;
    // How many items come while one waits depends on when it is polled.
    Conform::new(|source| {
        let kept = captured();
        source.exhaust_map(move |_| kept.with(probe(Script::Stuttering(3)).0))
    })
    .any_sequence()
    .check()
    .await;
    Conform::new(|source| {
        let source = Arc::new(Mutex::new(Some(source)));
        cold("a|").exhaust_map(move |_| source.lock().unwrap().take().unwrap())
    })
    .check()
    .await;
}
