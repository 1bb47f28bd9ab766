use thalweg_operators::{
    IntoFlow,
    testing::{Broken, Conform, assert_marbles, cold},
};

#[tokio::test(start_paused = true)]
async fn inner_flows_run_one_after_the_other() {
    let flow = cold("    a--b-------|").map(|_| cold("-1--2|")).concat_all();
    assert_marbles(flow, "-1--2-1--2-|").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_of_either_is_the_end() {
    let flow = cold("    a-b-|").map(|_| cold("-1-#")).concat_all();
    assert_marbles(flow, "-1-#").await;
    let flow = cold("    a---#").map(|_| cold("-1-------2|")).concat_all();
    assert_marbles(flow, "-1--#").await;
}

#[tokio::test(start_paused = true)]
async fn it_has_its_own_name_in_the_plan() {
    let plan = cold("a|").map(|_| cold("|")).concat_all().plan();
    assert_eq!(plan.stages()[0].name(), "concat_all");
    assert!(plan.find("cold").is_some());
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| {
        source
            .map(|n| [n, n + 1].flow().map(Ok::<_, Broken>).raise())
            .concat_all()
    })
    .check()
    .await;
}
