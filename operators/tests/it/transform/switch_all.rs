use thalweg_operators::{
    IntoFlow,
    testing::{Broken, Conform, assert_marbles, cold},
};

#[tokio::test(start_paused = true)]
async fn the_newest_takes_the_place_of_the_one_before() {
    let flow = cold("    -a-------b-----|").map(|_| cold("--1--2--3|")).switch_all();
    assert_marbles(flow, "---1--2----1--2--3|").await;
    let flow = cold("    -(ab)------|").map(|letter| cold("--1--2|").map(move |n| format!("{letter}{n}")));
    assert_marbles(flow.switch_all(), "---{b1}--{b2}----|").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_of_either_is_the_end() {
    assert_marbles(cold("-a---|").map(|_| cold("-1-#")).switch_all(), "--1-#").await;
    assert_marbles(cold("-a--#").map(|_| cold("-1-2-3|")).switch_all(), "--1-#").await;
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    // How many inner flows are run depends on how many items there are at a time.
    Conform::new(|source| {
        source
            .map(|n| [n, n + 1].flow().map(Ok::<_, Broken>).raise())
            .switch_all()
    })
    .any_sequence()
    .check()
    .await;
}
