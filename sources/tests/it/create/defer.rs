use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering::SeqCst},
    },
    time::Duration,
};

use thalweg::{
    operators::error::Backoff,
    sources::{defer, empty, once, range},
};
use thalweg_operators::testing::{Script, assert_marbles, cold, probe};

use crate::contract::{assert_conforms, poll};

#[tokio::test(start_paused = true)]
async fn it_is_the_flow_that_it_makes() {
    assert_marbles(defer(|| cold("-a--b-|")), "-a--b-|").await;
    assert_marbles(defer(|| cold("-a--#")), "-a--#").await;
}

#[tokio::test]
async fn it_chooses_at_the_first_poll() {
    let wants_items = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&wants_items);
    let flow = defer(move || {
        if asked.load(SeqCst) {
            once('a').boxed()
        } else {
            empty().boxed()
        }
    });
    let before = flow.clone();
    assert_eq!(before.collect::<Vec<_>>().await, Ok(vec![]));
    wants_items.store(true, SeqCst);
    assert_eq!(flow.collect::<Vec<_>>().await, Ok(vec!['a']));
}

#[tokio::test(start_paused = true)]
async fn every_attempt_makes_a_new_flow_of_what_cannot_be_cloned() {
    let attempts = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&attempts);
    let flow = defer(move || {
        let diagram = ["-a-#", "--b#", "c|"][counted.fetch_add(1, SeqCst) as usize];
        cold(diagram).boxed()
    });
    let backoff = Backoff::fixed(Duration::from_millis(1));
    assert_marbles(flow.retry(backoff), "-a----b-c|").await;
    assert_eq!(attempts.load(SeqCst), 3);
}

#[tokio::test(start_paused = true)]
async fn it_conforms() {
    assert_conforms(|token| {
        defer(move || {
            drop(token);
            range(0, 20)
        })
    })
    .await;
    assert_conforms(|token| defer(move || once(token).map(|_| 7))).await;
}

#[tokio::test]
async fn the_flow_is_dropped_at_its_end() {
    let (source, log) = probe(Script::Items(3));
    let mut flow = Box::pin(defer(|| source));
    assert_eq!(flow.next().await, Ok(Some(0)));
    assert_eq!(flow.plan().stages().len(), 2, "it describes what it is built on");
    while flow.next().await.unwrap().is_some() {}
    assert!(log.is_dropped() && log.polls_after_end() == 0);
    assert_eq!(flow.plan().stages().len(), 1);
}

#[tokio::test]
async fn nothing_is_made_for_a_stop_before_the_first_poll() {
    let made = Arc::new(AtomicBool::new(false));
    let noted = Arc::clone(&made);
    let flow = defer(move || {
        noted.store(true, SeqCst);
        once(1)
    });
    let (items, _) = poll(std::pin::pin!(flow), 8, true).await;
    assert!(items == 0 && !made.load(SeqCst));
}
