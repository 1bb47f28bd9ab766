use thalweg_core::DropReason;
use thalweg_operators::{
    IntoFlow,
    testing::{Broken, Conform, assert_marbles, cold},
};

#[tokio::test(start_paused = true)]
async fn those_that_come_while_one_waits_are_dropped() {
    let flow = cold("    -a---b--c-----|").map(|letter| cold("--1--2|").map(move |n| format!("{letter}{n}")));
    let flow = flow.exhaust_all();
    let mut plan = flow.plan();
    assert_marbles(flow, "---{a1}--{a2}---{c1}--{c2}|").await;
    plan.refresh();
    let stage = plan.find("exhaust_all").unwrap();
    let counts = stage.counts().unwrap();
    assert_eq!((counts.received, counts.emitted), (3, 2));
    assert_eq!(counts.dropped_by(DropReason::Overflow), 1);
}

#[tokio::test(start_paused = true)]
async fn an_error_of_either_is_the_end() {
    assert_marbles(cold("-a---|").map(|_| cold("-1-#")).exhaust_all(), "--1-#").await;
    assert_marbles(cold("-a--#").map(|_| cold("-1-2-3|")).exhaust_all(), "--1-#").await;
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| {
        source
            .map(|n| [n, n + 1].flow().map(Ok::<_, Broken>).raise())
            .exhaust_all()
    })
    .check()
    .await;
}
