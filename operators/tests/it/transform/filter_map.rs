use thalweg_operators::testing::{Conform, assert_marbles, captured, cold};

#[tokio::test(start_paused = true)]
async fn only_what_the_projection_gives_comes_out() {
    let flow = cold("    -1-x-3|").filter_map(|letter| letter.to_digit(10).map(|n| n * 2));
    assert_marbles(flow, "-2---6|").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_passes() {
    assert_marbles(
        cold("-x-#").filter_map(|letter| letter.to_digit(10)),
        "---#",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| {
        let kept = captured();
        source.filter_map(move |n| kept.with((n % 3 == 0).then_some(n + 1)))
    })
    .check()
    .await;
    Conform::new(|source| source.filter_map(|_| None::<u32>))
        .check()
        .await;
}
