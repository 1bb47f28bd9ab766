use thalweg_operators::{
    IntoFlow,
    testing::{Broken, Script, probe},
};

use crate::cancel::{ITEMS, at_every_poll};

#[tokio::test]
async fn items_are_counted() {
    assert_eq!((0..5000).flow().count().await, Ok(5000));
    assert_eq!(probe(Script::Failing(3)).0.count().await, Err(Broken));
}

#[tokio::test]
async fn dropped_at_any_poll_it_keeps_nothing() {
    at_every_poll(ITEMS, |source, _| source.count()).await;
}
