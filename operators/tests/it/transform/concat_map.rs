use thalweg_operators::{
    IntoFlow,
    testing::{Broken, Conform, assert_marbles, cold},
};

#[tokio::test(start_paused = true)]
async fn inner_flows_run_one_after_the_other() {
    let flow = cold("    a--b-------|").concat_map(|_| cold("-1--2|"));
    assert_marbles(flow, "-1--2-1--2-|").await;
}

#[tokio::test(start_paused = true)]
async fn completion_waits_for_the_inner_flow() {
    let flow = cold("    a|").concat_map(|_| cold("---1-|"));
    assert_marbles(flow, "---1-|").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_of_an_inner_flow_is_the_end() {
    let flow = cold("    a-b|").concat_map(|_| cold("-1-#"));
    assert_marbles(flow, "-1-#").await;
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| {
        source.concat_map(|n| [n, n + 1].flow().map(Ok::<_, Broken>).raise())
    })
    .check()
    .await;
}
