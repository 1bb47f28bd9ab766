use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::SeqCst},
};

use thalweg::sources::generate;
use thalweg_operators::testing::assert_marbles;

use crate::contract::assert_conforms;

#[tokio::test(start_paused = true)]
async fn it_goes_on_as_long_as_it_is_told_to() {
    assert_marbles(generate(1, |n| *n < 4, |n| n + 1), "(123|)").await;
    assert_marbles(generate(1, |n| *n == 1, |n| n + 1), "(1|)").await;
}

#[tokio::test(start_paused = true)]
async fn the_first_state_is_asked_for_too() {
    assert_marbles(generate(1, |_| false, |n| n + 1), "|").await;
}

#[tokio::test(start_paused = true)]
async fn a_step_is_made_when_the_next_item_is_wanted() {
    let steps = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&steps);
    let step = move |n: &u32| {
        counted.fetch_add(1, SeqCst);
        n + 1
    };
    let flow = generate(1, |_| true, step).map(|n| n.to_string()).take(3);
    assert_marbles(flow, "(123|)").await;
    assert_eq!(steps.load(SeqCst), 2, "none is made after the last item");
}

#[tokio::test(start_paused = true)]
async fn it_conforms() {
    assert_conforms(|token| {
        generate(0, |n| *n < 20, move |n| n + Arc::strong_count(&token).min(1))
    })
    .await;
    assert_conforms(|_| generate(String::new(), |_| true, |text| format!("{text}a"))).await;
}

#[tokio::test]
async fn a_clone_starts_anew() {
    let flow = generate(1, |n| *n < 3, |n| n + 1);
    let twice = flow.clone().concat(flow);
    assert_eq!(twice.collect::<Vec<_>>().await, Ok(vec![1, 2, 1, 2]));
}
