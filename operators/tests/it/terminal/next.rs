use std::time::Duration;

use thalweg_operators::{
    IntoFlow,
    testing::{Broken, Script, cold, probe},
};
use tokio::time::timeout;

use crate::cancel::at_every_poll;

#[tokio::test]
async fn items_come_one_by_one_then_none_for_ever() {
    let mut flow = (1..=2).flow();
    assert_eq!(flow.next().await, Ok(Some(1)));
    assert_eq!(flow.next().await, Ok(Some(2)));
    assert_eq!(flow.next().await, Ok(None));
    assert_eq!(flow.next().await, Ok(None));
}

#[tokio::test]
async fn an_error_comes_once() {
    let mut flow = probe(Script::Failing(1)).0;
    assert_eq!(flow.next().await, Ok(Some(0)));
    assert_eq!(flow.next().await, Err(Broken));
    assert_eq!(flow.next().await, Ok(None));
}

#[tokio::test]
async fn a_loop_over_an_endless_flow_lets_a_sibling_task_run() {
    let (told, mut heard) = tokio::sync::oneshot::channel();
    let sibling = tokio::spawn(async move { told.send(()) });
    let mut flow = (0_u64..).flow();
    while heard.try_recv().is_err() {
        flow.next().await.unwrap();
    }
    sibling.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn dropping_it_loses_nothing() {
    let mut flow = cold("---a---b|");
    let mut seen = Vec::new();
    loop {
        // Given up after a moment, and asked again.
        match timeout(Duration::from_millis(1), flow.next()).await {
            Ok(Ok(Some(item))) => seen.push(item),
            Ok(end) => break assert_eq!(end, Ok(None)),
            Err(_) => {}
        }
    }
    assert_eq!(seen, ['a', 'b']);
}

#[tokio::test]
async fn dropped_at_any_poll_it_loses_nothing() {
    at_every_poll(0, |mut source, tally| async move {
        while let Ok(Some(_)) = source.next().await {
            tally.add();
        }
    })
    .await;
}
