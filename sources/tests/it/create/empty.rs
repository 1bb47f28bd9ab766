use thalweg::sources::empty;
use thalweg_operators::testing::assert_marbles;

use crate::contract::assert_conforms;

#[tokio::test(start_paused = true)]
async fn it_completes_at_once() {
    assert_marbles(empty::<char>(), "|").await;
}

#[tokio::test(start_paused = true)]
async fn it_conforms() {
    assert_conforms(|_| empty::<u32>()).await;
}

#[tokio::test]
async fn what_has_no_clone_and_no_debug_can_be_its_item() {
    struct Item;
    let flow = empty::<Item>();
    assert_eq!(flow.clone().concat(flow).count().await, Ok(0));
}
