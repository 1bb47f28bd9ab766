use thalweg_operators::{
    IntoFlow,
    testing::{Broken, Conform, assert_marbles, captured, cold, numbers},
    transform::UNLIMITED,
};

#[tokio::test(start_paused = true)]
async fn the_state_is_what_was_last_emitted() {
    let flow = numbers(" -1--2--3|").merge_scan(0, 1, |sum, n| {
        let next = sum + n;
        cold("            -a|").map(move |_| next)
    });
    assert_marbles(flow, "--1--3--6|").await;
}

#[tokio::test(start_paused = true)]
async fn of_several_at_once_each_has_the_state_at_its_beginning() {
    let flow = numbers(" -1-2---4|").merge_scan(0, UNLIMITED, |sum, n| {
        let next = sum + n;
        cold("            ---a|").map(move |_| next)
    });
    // When the 2 comes, nothing is emitted yet; the 4 comes when the 2 has been.
    assert_marbles(flow, "----1-2---6|").await;
}

#[tokio::test(start_paused = true)]
async fn the_initial_state_is_not_emitted_and_an_error_of_any_is_the_end() {
    assert_marbles(numbers("--|").merge_scan(7, 1, |_, _| numbers("1|")), "--|").await;
    assert_marbles(
        numbers("-1--|").merge_scan(7, 1, |_, _| numbers("-1#")),
        "--1#",
    )
    .await;
    assert_marbles(
        numbers("-1-#").merge_scan(7, 2, |_, _| numbers("-1---1|")),
        "--1#",
    )
    .await;
}

#[tokio::test]
async fn a_clone_has_a_state_of_its_own() {
    let flow = (1..=3).flow().merge_scan(0, 1, |sum, n| [sum + n].flow());
    assert_eq!(flow.clone().collect::<Vec<_>>().await, Ok(vec![1, 3, 6]));
    assert_eq!(flow.collect::<Vec<_>>().await, Ok(vec![1, 3, 6]));
}

#[test]
#[should_panic(expected = "merge_scan of 0 flows at once lets nothing through")]
fn of_none_is_refused_at_the_call() {
    let _ = numbers("-1|").merge_scan(0, 0, |_, _| numbers("-1|"));
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    for limit in [1, 3] {
        Conform::new(|source| {
            let kept = captured();
            source.merge_scan(0, limit, move |sum, n| {
                kept.with([sum + n]).flow().with_error::<Broken>()
            })
        })
        .interleaves()
        .check()
        .await;
    }
}
