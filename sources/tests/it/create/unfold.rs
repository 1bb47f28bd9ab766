use std::{
    convert::Infallible,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use thalweg::{Flow, Observable, operators::error::Backoff, sources::unfold};
use thalweg_operators::testing::{Broken, assert_marbles};
use tokio::time::sleep;

use crate::contract::{assert_conforms, poll};

async fn count_to_three(n: u32) -> Option<(u32, u32)> {
    sleep(Duration::from_millis(2)).await;
    (n <= 3).then_some((n, n + 1))
}

#[tokio::test(start_paused = true)]
async fn it_emits_what_the_futures_give_until_there_is_none() {
    assert_marbles(unfold(1, count_to_three), "--1-2-3-|").await;
    assert_marbles(unfold(4, count_to_three), "--|").await;
}

#[tokio::test(start_paused = true)]
async fn a_step_begins_when_the_next_item_is_wanted() {
    let busy = |n| async move {
        sleep(Duration::from_millis(3)).await;
        n
    };
    assert_marbles(unfold(1, count_to_three).map_async(busy), "-----1----2----3-|").await;
}

#[tokio::test(start_paused = true)]
async fn it_conforms() {
    assert_conforms(|token| {
        unfold((0, token), |(n, token)| async move {
            sleep(Duration::from_millis(n)).await;
            (n < 20).then_some((n, (n + 1, token)))
        })
    })
    .await;
    // The token is in the closure, and in a future that is never ready.
    assert_conforms(|token| {
        unfold(0, move |n| {
            let token = Arc::clone(&token);
            async move {
                if n > 2 {
                    std::future::pending::<()>().await;
                }
                drop(token);
                Some((n, n + 1))
            }
        })
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_clone_of_an_idle_one_starts_anew_though_its_futures_cannot_be_cloned() {
    let failing = unfold(1, |n| async move { Some(if n < 3 { (Ok(n), n + 1) } else { (Err(Broken), n) }) });
    let backoff = Backoff::fixed(Duration::from_millis(4)).max_retries(1).stable_for(Duration::MAX);
    assert_marbles(failing.raise().retry(backoff), "(12)(12#)").await;
}

#[tokio::test(start_paused = true)]
async fn a_clone_of_a_running_one_panics() {
    let mut flow = Box::pin(unfold(1, count_to_three));
    assert!(poll(flow.as_mut(), 8, false).await.1.is_pending());
    let cloned = catch_unwind(AssertUnwindSafe(|| Flow::clone(&flow)));
    let message = *cloned.unwrap_err().downcast::<String>().unwrap();
    assert!(message.starts_with("unfold at ") && message.contains("clone a flow before it is polled"));
}

#[tokio::test]
async fn after_a_panic_of_the_step_it_has_ended() {
    let mut flow = Box::pin(unfold((), |()| -> std::future::Ready<Option<(u32, ())>> {
        panic!("no step")
    }));
    let next = tokio::spawn(async move {
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            futures_util::FutureExt::now_or_never(flow.next())
        }));
        assert!(panicked.is_err());
        flow.next().await
    });
    assert_eq!(next.await.unwrap(), Ok(None));
}

#[test]
fn it_is_send() {
    fn check(_: Flow<impl Observable<Item = u32, Error = Infallible> + Send>) {}
    check(unfold(1, count_to_three));
}
