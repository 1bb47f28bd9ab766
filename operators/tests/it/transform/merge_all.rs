use thalweg_core::DropReason;
use thalweg_operators::{
    IntoFlow,
    testing::{Broken, Conform, assert_marbles, cold},
    transform::UNLIMITED,
};

#[tokio::test(start_paused = true)]
async fn inner_flows_run_at_once_up_to_the_limit() {
    let flow = cold("    abc-|").map(|_| cold("---1--2|"));
    assert_marbles(flow.clone().merge_all(2), "---11-22--1--2|").await;
    assert_marbles(flow.merge_all(UNLIMITED), "---111222|").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_of_any_is_the_end() {
    let flow = cold("    abx-|").map(|letter| match letter {
        'x' => cold("#"),
        _ => cold("---1--2|"),
    });
    let flow = flow.merge_all(3);
    let mut plan = flow.plan();
    assert_marbles(flow, "--#").await;
    plan.refresh();
    let stage = plan.find("merge_all").unwrap();
    assert_eq!(stage.counts().unwrap().dropped_by(DropReason::Failed), 3);
    let flow = cold("    a---#").map(|_| cold("-1-------2|")).merge_all(2);
    assert_marbles(flow, "-1--#").await;
}

#[test]
#[should_panic(expected = "merge_all of 0 flows at once lets nothing through")]
fn of_none_is_refused_at_the_call() {
    let _ = cold("-a|").map(|_| cold("-1|")).merge_all(0);
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    for limit in [1, 3, UNLIMITED] {
        Conform::new(|source| {
            source
                .map(|n| [n, n + 1].flow().map(Ok::<_, Broken>).raise())
                .merge_all(limit)
        })
        .interleaves()
        .check()
        .await;
    }
}
