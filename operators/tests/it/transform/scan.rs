use thalweg_operators::{
    IntoFlow,
    testing::{Conform, assert_marbles, captured, numbers},
};

#[tokio::test(start_paused = true)]
async fn the_state_goes_along_and_the_initial_one_is_not_emitted() {
    let flow = numbers(" -1--2-3|").scan(0, |sum, n| {
        *sum += n;
        *sum
    });
    assert_marbles(flow, "-1--3-6|").await;
    assert_marbles(numbers("---|").scan(0, |sum, n| *sum + n), "---|").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_passes() {
    assert_marbles(numbers("-1-#").scan(4, |sum, n| *sum + n), "-5-#").await;
}

#[tokio::test]
async fn what_comes_out_need_not_be_the_state() {
    let steps = [3, 5, 4].flow().scan(None, |before: &mut Option<i32>, n| {
        n - before.replace(n).unwrap_or(n)
    });
    assert_eq!(steps.collect::<Vec<_>>().await, Ok(vec![0, 2, -1]));
}

#[tokio::test]
async fn a_clone_begins_with_the_initial_state() {
    let flow = (1..=3).flow().scan(0, |sum, n| {
        *sum += n;
        *sum
    });
    assert_eq!(flow.clone().collect::<Vec<_>>().await, Ok(vec![1, 3, 6]));
    assert_eq!(flow.collect::<Vec<_>>().await, Ok(vec![1, 3, 6]));
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| {
        let kept = captured();
        source.scan(0, move |sum, n| {
            *sum += n;
            kept.with(*sum)
        })
    })
    .check()
    .await;
}
