use thalweg_operators::{
    IntoFlow,
    testing::{Broken, Conform, assert_marbles, captured, cold, numbers},
};

#[tokio::test(start_paused = true)]
async fn the_state_is_what_was_last_emitted() {
    let flow = numbers(" -1-----2------|").switch_scan(0, |sum, n| {
        let next = sum + n;
        cold("            -a--b--c|").map(move |_| next)
    });
    assert_marbles(flow, "--1--1--3--3--3|").await;
}

#[tokio::test(start_paused = true)]
async fn what_was_not_emitted_before_a_switch_is_no_state() {
    let flow = numbers(" -1-2----|").switch_scan(0, |sum, n| {
        let next = sum + n;
        cold("            ---a|").map(move |_| next)
    });
    assert_marbles(flow, "------2-|").await;
}

#[tokio::test(start_paused = true)]
async fn the_initial_state_is_not_emitted_and_an_error_of_either_is_the_end() {
    assert_marbles(numbers("--|").switch_scan(7, |_, _| numbers("1|")), "--|").await;
    assert_marbles(
        numbers("-1--|").switch_scan(7, |_, _| numbers("-1#")),
        "--1#",
    )
    .await;
    assert_marbles(
        numbers("-1-#").switch_scan(7, |_, _| numbers("-1---1|")),
        "--1#",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    // How many inner flows are run depends on how many items there are at a time.
    Conform::new(|source| {
        let kept = captured();
        source.switch_scan(0, move |sum, n| {
            kept.with([sum + n]).flow().with_error::<Broken>()
        })
    })
    .any_sequence()
    .check()
    .await;
}
