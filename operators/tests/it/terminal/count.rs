use thalweg_operators::{
    IntoFlow,
    testing::{Broken, Script, probe},
};

#[tokio::test]
async fn items_are_counted() {
    assert_eq!((0..5000).flow().count().await, Ok(5000));
    assert_eq!(probe(Script::Failing(3)).0.count().await, Err(Broken));
}
