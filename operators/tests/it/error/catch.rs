use std::convert::Infallible;

use thalweg_operators::{
    IntoFlow,
    testing::{Broken, Conform, Script, assert_marbles, captured, cold, probe},
};

#[tokio::test(start_paused = true)]
async fn another_flow_takes_over_in_the_frame_of_the_error() {
    let flow = cold("    --a--b--#").catch(|_| cold("1-2-3-|"));
    assert_marbles(flow, "--a--b--1-2-3-|").await;
    let flow = cold("    --a--b--#").catch(|_| cold("-1-2-3-|"));
    assert_marbles(flow, "--a--b---1-2-3-|").await;
}

#[tokio::test(start_paused = true)]
async fn without_an_error_the_handler_is_not_called() {
    let flow = cold("-a-|").catch(
        |_| -> thalweg_operators::Flow<thalweg_operators::testing::Marbles> {
            unreachable!("it did not fail")
        },
    );
    assert_marbles(flow, "-a-|").await;
}

#[tokio::test(start_paused = true)]
async fn the_error_of_the_result_is_that_of_the_other_flow() {
    let never_fails = cold("-a-#").catch(|Broken| ['x', 'y'].flow());
    let items: Result<Vec<_>, Infallible> = never_fails.collect().await;
    assert_eq!(items, Ok(vec!['a', 'x', 'y']));
    let fails_again = cold("-a-#").catch(|_| cold("-b-#").map_err(|_| "again"));
    assert_eq!(fails_again.count().await, Err("again"));
    assert_marbles(cold("-a-#").catch(|_| cold("#")), "-a-#").await;
}

#[tokio::test(start_paused = true)]
async fn the_source_is_dropped_before_the_handler_is_called() {
    let (source, log) = probe(Script::Failing(2));
    let flow = source.catch(|_| {
        assert!(log.is_dropped());
        [7].flow()
    });
    assert_eq!(flow.collect::<Vec<_>>().await, Ok(vec![0, 1, 7]));
}

#[tokio::test(start_paused = true)]
async fn the_plan_shows_the_flow_that_runs() {
    let mut flow = cold("#").catch(|_| ['a'].flow());
    assert_eq!(flow.plan().stages()[1].name(), "cold");
    assert_eq!(flow.next().await, Ok(Some('a')));
    assert_eq!(flow.plan().stages()[1].name(), "iter");
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| {
        let kept = captured();
        source.catch(move |_| kept.with([7, 8, 9].flow()))
    })
    .handles_errors()
    .check()
    .await;
    Conform::new(|source| {
        let kept = captured();
        source.catch(move |_| kept.with(probe(Script::Failing(3)).0))
    })
    .check()
    .await;
}
