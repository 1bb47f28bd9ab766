use thalweg_operators::{
    IntoFlow,
    testing::{Broken, Conform, Script, assert_marbles, numbers, probe},
    transform::Notification,
};

fn notification(n: u32) -> Notification<u32, Broken> {
    match n {
        8 => Notification::Completed,
        9 => Notification::Failed(Broken),
        n => Notification::Next(n),
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_end_among_the_items_is_the_end() {
    assert_marbles(numbers("-1-2-8-3|").map(notification).dematerialize(), "-1-2-|").await;
    assert_marbles(numbers("-1-2-9-3|").map(notification).dematerialize(), "-1-2-#").await;
}

#[tokio::test(start_paused = true)]
async fn an_end_that_no_item_told_passes() {
    assert_marbles(numbers("-1-|").map(notification).dematerialize(), "-1-|").await;
    assert_marbles(numbers("-1-#").map(notification).dematerialize(), "-1-#").await;
    let flow = [Notification::Next(1), Notification::Failed("no")].flow().with_error();
    assert_eq!(flow.dematerialize().collect::<Vec<_>>().await, Err("no"));
}

#[tokio::test]
async fn the_source_is_dropped_at_the_end() {
    for (last, fails) in [(8, false), (9, true)] {
        let (source, log) = probe(Script::Endless);
        let mut flow = source.map(move |_| notification(last)).dematerialize();
        assert_eq!(flow.next().await.is_err(), fails);
        assert!(log.is_dropped());
        assert_eq!(flow.next().await, Ok(None));
    }
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.map(Notification::Next::<_, Broken>).dematerialize())
        .check()
        .await;
}
