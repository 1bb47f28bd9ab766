use thalweg_operators::{
    IntoFlow,
    testing::{Conform, assert_marbles, captured, cold, numbers},
};

#[tokio::test(start_paused = true)]
async fn an_item_that_equals_the_one_before_is_dropped() {
    let flow = cold("    -1--2-2----1-3-|").distinct_until_changed();
    assert_marbles(flow, "-1--2------1-3-|").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_passes() {
    assert_marbles(cold("-a-a-#").distinct_until_changed(), "-a---#").await;
}

#[tokio::test(start_paused = true)]
async fn keys_are_compared_if_told() {
    let flow = numbers(" -1-3-4-6-1|").distinct_until_changed_by_key(|n| n % 2);
    assert_marbles(flow, "-1---4---1|").await;
}

#[tokio::test(start_paused = true)]
async fn the_comparison_is_with_what_last_passed() {
    let flow = numbers(" -1-2-3-4-9|").distinct_until_changed_by(|last, n| n - last < 2);
    assert_marbles(flow, "-1---3---9|").await;
}

#[tokio::test]
async fn one_that_is_never_the_same_drops_nothing() {
    let flow = [f64::NAN, f64::NAN].flow().distinct_until_changed();
    assert_eq!(flow.count().await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.map(|n| n / 3).distinct_until_changed())
        .check()
        .await;
    Conform::new(|source| {
        let kept = captured();
        source.distinct_until_changed_by_key(move |n| kept.with(n / 3))
    })
    .check()
    .await;
    Conform::new(|source| {
        let kept = captured();
        source.distinct_until_changed_by(move |a, b| kept.with(a / 3 == b / 3))
    })
    .check()
    .await;
    Conform::new(|source| source.distinct_until_changed_by(|_, _| true))
        .check()
        .await;
}
