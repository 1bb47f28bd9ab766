use thalweg_operators::testing::{Conform, Event, assert_marbles, captured, cold, record};

#[tokio::test(start_paused = true)]
async fn the_error_is_made_into_another_and_items_pass() {
    let flow = cold("-a-#").map_err(|broken| format!("{broken} is broken"));
    let seen = record(flow).await;
    assert_eq!(
        seen,
        [
            (1, Event::Item('a')),
            (3, Event::Failed("# is broken".to_owned()))
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn without_an_error_the_closure_is_not_called() {
    let flow = cold("-a-|").map_err(|_| -> String { unreachable!("it did not fail") });
    assert_marbles(flow, "-a-|").await;
}

#[tokio::test(start_paused = true)]
async fn the_closure_is_dropped_at_the_end() {
    let token = std::sync::Arc::new(());
    let kept = std::sync::Arc::clone(&token);
    let mut flow = cold("|").map_err(move |broken| (broken, kept));
    assert!(matches!(flow.next().await, Ok(None)));
    assert_eq!(std::sync::Arc::strong_count(&token), 1);
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| {
        let kept = captured();
        source.map_err(move |broken| kept.with(broken.to_string()))
    })
    .check()
    .await;
}
