use std::time::Duration;

use thalweg_operators::{
    Flow, IntoFlow,
    testing::{Broken, Script, numbers, probe},
};
use tokio::{
    task::yield_now,
    time::{Instant, sleep, timeout},
};

use crate::cancel::at_every_poll;

#[tokio::test(start_paused = true)]
async fn the_next_item_is_pulled_when_the_future_is_done() {
    let start = Instant::now();
    let mut begun = Vec::new();
    numbers("-12------3|")
        .for_each_async(|n| {
            begun.push((n, start.elapsed().as_millis()));
            sleep(Duration::from_millis(4))
        })
        .await
        .unwrap();
    assert_eq!(begun, [(1, 1), (2, 5), (3, 9)]);
}

#[tokio::test]
async fn an_error_comes_after_the_work_before_it() {
    let (source, log) = probe(Script::Failing(3));
    let mut seen = 0;
    let result = source
        .for_each_async(|_| {
            seen += 1;
            async {}
        })
        .await;
    assert_eq!((result, seen), (Err(Broken), 3));
    assert!(log.is_dropped());
}

#[tokio::test]
async fn futures_that_are_ready_do_not_hold_the_thread() {
    let (told, heard) = tokio::sync::oneshot::channel();
    let run = tokio::spawn((0_u64..).flow().for_each_async(|_| async {}));
    let sibling = tokio::spawn(async move { told.send(()) });
    heard.await.unwrap();
    sibling.await.unwrap().unwrap();
    run.abort();
}

#[tokio::test(start_paused = true)]
async fn dropping_it_loses_the_item_whose_future_runs_and_no_other() {
    let mut source = (0..6).flow();
    let mut seen = Vec::new();
    let run = Flow::new(&mut source).for_each_async(|n| {
        seen.push(n);
        sleep(Duration::from_millis(4))
    });
    assert!(timeout(Duration::from_millis(6), run).await.is_err());
    assert_eq!(seen, [0, 1]);
    assert_eq!(source.next().await, Ok(Some(2)));
}

#[tokio::test]
async fn dropped_at_any_poll_it_loses_the_item_whose_future_runs() {
    at_every_poll(1, |source, tally| {
        source.for_each_async(move |_| {
            let tally = tally.clone();
            async move {
                yield_now().await;
                tally.add();
            }
        })
    })
    .await;
}
