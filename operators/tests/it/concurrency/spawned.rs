use thalweg_operators::{
    IntoFlow,
    testing::{Conform, Script, assert_marbles, cold, probe},
};

#[tokio::test(start_paused = true)]
async fn items_cross_in_their_frames() {
    assert_marbles(cold("-a--(bc)--d|").spawned(2), "-a--(bc)--d|").await;
    assert_marbles(cold("-a--#").spawned(2), "-a--#").await;
}

#[tokio::test]
async fn the_task_is_ahead_by_its_capacity_and_no_more() {
    let (source, log) = probe(Script::Endless);
    let mut flow = source.spawned(8);
    assert_eq!(flow.next().await, Ok(Some(0)));
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    // The batch in the consumer's hands counts until half of it is used.
    assert!((8..=9).contains(&log.produced()), "{} produced", log.produced());
}

#[tokio::test]
async fn a_panic_is_an_error_that_names_the_stage() {
    let flow = (0..5).flow().inspect(|n| assert!(*n < 3, "three is too many")).spawned(8);
    let mut seen = Vec::new();
    let fault = flow.inspect(|n| seen.push(*n)).count().await.unwrap_err();
    assert!(fault.is_panic());
    let text = fault.to_string();
    assert!(text.contains("spawned at") && text.contains("spawned.rs"), "{text}");
    assert!(text.ends_with("three is too many"), "{text}");
    assert_eq!(seen, [0, 1, 2]);
}

#[tokio::test]
async fn dropping_the_flow_drops_the_source() {
    let (source, log) = probe(Script::Idle(1));
    let mut flow = source.spawned(8);
    assert_eq!(flow.next().await, Ok(Some(0)));
    drop(flow);
    tokio::task::yield_now().await;
    assert!(log.is_dropped());
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    for capacity in [1, 2, 1000] {
        Conform::new(|source| source.spawned(capacity)).has_tasks().check().await;
    }
}
