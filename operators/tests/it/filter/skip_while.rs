use thalweg_operators::testing::{Conform, assert_marbles, captured, numbers};

#[tokio::test(start_paused = true)]
async fn items_are_dropped_until_one_fails_the_predicate() {
    let flow = numbers(" -1-2-3-1|").skip_while(|n| *n < 3);
    assert_marbles(flow, "-----3-1|").await;
    assert_marbles(numbers("-1-2|").skip_while(|_| false), "-1-2|").await;
    assert_marbles(numbers("-1-2|").skip_while(|_| true), "----|").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_passes() {
    assert_marbles(numbers("-1-2#").skip_while(|_| true), "----#").await;
    assert_marbles(numbers("-1-2#").skip_while(|n| *n < 2), "---2#").await;
}

#[tokio::test(start_paused = true)]
async fn the_predicate_is_not_asked_again() {
    let mut asked = Vec::new();
    let flow = numbers("-1-2-3-1|").skip_while(|n| {
        asked.push(*n);
        *n < 2
    });
    assert_eq!(flow.count().await, Ok(3));
    assert_eq!(asked, [1, 2]);
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| {
        let kept = captured();
        source.skip_while(move |n| kept.with(*n < 50))
    })
    .check()
    .await;
    Conform::new(|source| source.skip_while(|_| true))
        .check()
        .await;
    Conform::new(|source| source.skip_while(|_| false))
        .check()
        .await;
}
