use std::convert::Infallible;

use thalweg_operators::{
    IntoFlow,
    testing::{Broken, Conform, Script, assert_marbles, captured, cold, hot, probe},
};

#[tokio::test(start_paused = true)]
async fn the_next_flow_begins_in_the_frame_of_an_error_or_a_completion() {
    let mut errors = 0;
    let flow = cold("    -a-#").on_error_resume_next(cold("-b-|"), |Broken| errors += 1);
    assert_marbles(flow, "-a--b-|").await;
    let flow = cold("    -a-|").on_error_resume_next(cold("-b-|"), |Broken| errors += 1);
    assert_marbles(flow, "-a--b-|").await;
    assert_eq!(errors, 1);
}

#[tokio::test(start_paused = true)]
async fn many_follow_one_another_whatever_their_ends() {
    let flow = hot("     -a-#")
        .on_error_resume_next(cold("-b-#"), drop)
        .on_error_resume_next(cold("-c-|"), drop)
        .on_error_resume_next(cold("-d#"), drop);
    assert_marbles(flow, "-a--b--c--d#").await;
}

#[tokio::test(start_paused = true)]
async fn the_next_is_not_polled_before_its_turn() {
    let (next, log) = probe(Script::Items(1));
    let flow = cold("-a-").map(|_| 7).on_error_resume_next(next, drop);
    assert_marbles(flow, "-7-").await;
    assert_eq!(log.polls(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_error_of_the_result_is_that_of_the_next() {
    let never_fails = cold("-a-#").on_error_resume_next(['x'].flow(), drop);
    let items: Result<Vec<_>, Infallible> = never_fails.collect().await;
    assert_eq!(items, Ok(vec!['a', 'x']));
}

#[tokio::test(start_paused = true)]
async fn the_source_is_dropped_before_the_error_is_told() {
    let (source, log) = probe(Script::Failing(2));
    let flow = source.on_error_resume_next([7].flow(), |_| assert!(log.is_dropped()));
    assert_eq!(flow.collect::<Vec<_>>().await, Ok(vec![0, 1, 7]));
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| {
        let kept = captured();
        source.on_error_resume_next([7, 8].flow(), move |_| kept.with(()))
    })
    .handles_errors()
    .check()
    .await;
    Conform::new(|source| {
        let kept = captured();
        cold("--#")
            .map(|_| 7)
            .on_error_resume_next(source, move |_| kept.with(()))
    })
    .check()
    .await;
}
