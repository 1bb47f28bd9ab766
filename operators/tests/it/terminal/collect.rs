use thalweg_operators::{
    IntoFlow,
    testing::{Broken, Script, probe},
};

use crate::cancel::{ITEMS, at_every_poll};

#[tokio::test]
async fn items_are_gathered_in_their_order() {
    let items: Vec<_> = (0..5000).flow().collect().await.unwrap();
    assert!(items.into_iter().eq(0..5000));
}

#[tokio::test]
async fn an_error_drops_what_was_gathered() {
    assert_eq!(
        probe(Script::Failing(3)).0.collect::<Vec<_>>().await,
        Err(Broken)
    );
}

#[tokio::test]
async fn dropped_at_any_poll_it_keeps_nothing() {
    at_every_poll(ITEMS, |source, _| source.collect::<Vec<_>>()).await;
}
