use thalweg::sources::once;
use thalweg_operators::testing::assert_marbles;

use crate::contract::assert_conforms;

#[tokio::test(start_paused = true)]
async fn it_emits_one_item_and_completes() {
    assert_marbles(once('a'), "(a|)").await;
}

#[tokio::test(start_paused = true)]
async fn it_conforms() {
    assert_conforms(|_| once(7)).await;
    // An item that is not taken is dropped on a stop, too.
    assert_conforms(|token| once(token).map(|_| 7)).await;
}

#[tokio::test]
async fn a_clone_has_the_item_too() {
    let flow = once(7);
    let both = flow.clone().concat(flow);
    assert_eq!(both.collect::<Vec<_>>().await, Ok(vec![7, 7]));
}

#[test]
fn it_has_a_name_of_its_own() {
    let plan = once(7).plan();
    let stage = plan.stages()[0].id().unwrap();
    assert_eq!(stage.name(), "once");
    assert!(stage.location().file().ends_with("once.rs"), "{stage}");
}
