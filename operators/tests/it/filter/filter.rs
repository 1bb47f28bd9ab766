use thalweg_operators::{
    IntoFlow,
    testing::{Conform, assert_marbles, captured, numbers},
};

#[tokio::test(start_paused = true)]
async fn only_what_the_predicate_holds_for_passes() {
    let flow = numbers(" -1-2-3-4|").filter(|n| n % 2 == 0);
    assert_marbles(flow, "---2---4|").await;
}

#[tokio::test]
async fn one_that_lets_nothing_pass_lets_a_sibling_task_run() {
    let (told, heard) = tokio::sync::oneshot::channel();
    let flow = tokio::spawn((0_u64..).flow().filter(|_| false).count());
    let sibling = tokio::spawn(async move { told.send("I ran") });
    assert_eq!(heard.await, Ok("I ran"));
    sibling.await.unwrap().unwrap();
    flow.abort();
    assert!(flow.await.unwrap_err().is_cancelled());
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| {
        let kept = captured();
        source.filter(move |n| kept.with(n % 3 == 0))
    })
    .check()
    .await;
}
