use std::{future::ready, time::Duration};

use thalweg_operators::{
    IntoFlow,
    testing::{Conform, Script, assert_marbles, captured, cold, numbers, probe},
};
use tokio::{task::yield_now, time::sleep};

async fn after(frames: u32) -> u32 {
    sleep(Duration::from_millis(frames.into())).await;
    frames
}

#[tokio::test(start_paused = true)]
async fn results_come_as_they_are_done() {
    assert_marbles(
        numbers("-5-1-----2|").par_map_unordered(2, after),
        "----1-5----(2|)",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn only_so_many_run_at_once() {
    let flow = numbers("(4444)|").par_map_unordered(2, after);
    assert_marbles(flow, "----(44)(44|)").await;
}

#[tokio::test(start_paused = true)]
async fn all_that_may_have_started_when_the_first_result_comes() {
    let (source, log) = probe(Script::Items(100));
    let mut flow = Box::pin(source.par_map_unordered(10, |n| after(n + 1)).boxed());
    assert_eq!(flow.as_mut().next().await, Ok(Some(1)));
    assert!(
        (10..=11).contains(&log.produced()),
        "{} started",
        log.produced()
    );
}

#[tokio::test(start_paused = true)]
async fn the_futures_progress_while_the_consumer_is_busy() {
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let mut flow = (0..3)
        .flow()
        .par_map_unordered(3, move |n| {
            let told = told.clone();
            async move { told.send(n).unwrap() }
        })
        .boxed();
    flow.next().await.unwrap();
    for _ in 0..3 {
        yield_now().await;
    }
    let mut done = Vec::new();
    while let Ok(n) = heard.try_recv() {
        done.push(n);
    }
    assert_eq!(done, [0, 1, 2]);
}

#[tokio::test(start_paused = true)]
async fn an_error_comes_after_the_results_of_the_items_before_it() {
    assert_marbles(numbers("-4-1#").par_map_unordered(4, after), "----1(4#)").await;
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_an_error_that_names_the_stage_and_its_siblings_are_not_lost() {
    let flow = (0..4).flow().par_map_unordered(4, |n| async move {
        assert!(n != 1, "one is odd");
        n
    });
    let mut seen = Vec::new();
    let mut plan = flow.plan();
    let fault = flow.for_each(|n| seen.push(n)).await.unwrap_err();
    assert!(fault.is_panic());
    let text = fault.to_string();
    assert!(
        text.contains("par_map_unordered at ") && text.ends_with("one is odd"),
        "{text}"
    );
    assert_eq!(seen, [0, 2, 3]);
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!(
        counts.to_string(),
        "in 4, out 3, dropped 1 (failed), in flight 0"
    );
}

#[tokio::test(start_paused = true)]
async fn dropping_the_flow_aborts_the_futures_and_counts_them() {
    let flow = cold("(ab)").map(|_| 5).par_map_unordered(4, after);
    let mut plan = flow.plan();
    assert!(
        tokio::time::timeout(Duration::from_millis(2), flow.count())
            .await
            .is_err()
    );
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!(
        counts.to_string(),
        "in 2, out 0, dropped 2 (cancelled), in flight 0"
    );
}

#[test]
#[should_panic(expected = "par_map_unordered of 0 at once never does anything")]
fn of_none_is_refused_at_the_call() {
    let _ = cold("|").map(|_| 1).par_map_unordered(0, after);
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    for limit in [1, 8] {
        Conform::new(|source| {
            let kept = captured();
            source.par_map_unordered(limit, move |n| ready(kept.with(n + 1)))
        })
        .has_tasks()
        .any_sequence()
        .check()
        .await;
    }
}
