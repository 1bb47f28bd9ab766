use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::SeqCst},
};

use thalweg::sources::repeat_with;
use thalweg_operators::testing::assert_marbles;

use crate::contract::assert_conforms;

#[tokio::test(start_paused = true)]
async fn it_calls_its_closure_for_every_item_and_no_more() {
    let calls = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    let flow = repeat_with(move || counted.fetch_add(1, SeqCst));
    assert_eq!(calls.load(SeqCst), 0, "it is lazy");
    assert_marbles(flow.take(3), "(012|)").await;
    assert_eq!(calls.load(SeqCst), 3);
}

#[tokio::test(start_paused = true)]
async fn it_conforms() {
    assert_conforms(|token| {
        let mut n = 0;
        repeat_with(move || {
            n += Arc::strong_count(&token).min(1);
            n
        })
    })
    .await;
}

#[tokio::test]
async fn it_lets_other_tasks_run() {
    let endless = tokio::spawn(repeat_with(|| 1).filter(|_| false).count());
    let other = tokio::spawn(async { "had its turn" });
    assert_eq!(other.await.unwrap(), "had its turn");
    endless.abort();
    assert!(endless.await.unwrap_err().is_cancelled());
}
