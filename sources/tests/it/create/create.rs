use std::{
    convert::Infallible,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    time::Duration,
};

use futures_util::{
    FutureExt as _,
    future::{join, join_all},
    poll,
    stream::FuturesUnordered,
};
use thalweg::{
    Flow, Observable,
    operators::error::Backoff,
    sources::{Emitter, create, try_create},
};
use thalweg_operators::testing::{Broken, assert_marbles};
use tokio::{join, select, sync::oneshot, time::sleep};

use crate::contract::{self, assert_conforms};

async fn wait(millis: u64) {
    sleep(Duration::from_millis(millis)).await;
}

/// Gives the emitter to whoever wants it, and lasts for so many milliseconds.
fn given_away(millis: u64) -> (oneshot::Receiver<Emitter<u32>>, Flow<impl Observable<Item = u32, Error = Infallible> + Send>) {
    let (give, given) = oneshot::channel();
    let flow = create(move |emit| async move {
        give.send(emit).unwrap();
        wait(millis).await;
    });
    (given, flow)
}

#[tokio::test(start_paused = true)]
async fn it_emits_what_is_sent_and_completes_with_the_future() {
    let flow = create(|emit| async move {
        emit.send('a').await;
        wait(2).await;
        emit.send('b').await;
        emit.send('c').await;
        wait(4).await;
    });
    assert_marbles(flow, "a-(bc)|").await;
    assert_marbles(create(|_: Emitter<char>| async {}), "|").await;
}

#[tokio::test(start_paused = true)]
async fn it_fails_with_the_error_of_the_future() {
    let flow = try_create(|emit| async move {
        wait(1).await;
        emit.send('a').await;
        wait(2).await;
        Err(Broken)
    });
    assert_marbles(flow, "-a-#").await;
    let fine = try_create(|emit| async move {
        emit.send('a').await;
        Ok::<_, Broken>(())
    });
    assert_marbles(fine, "(a|)").await;
}

#[tokio::test(start_paused = true)]
async fn a_send_waits_until_its_item_is_taken() {
    let sent = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&sent);
    let mut flow = create(|emit| async move {
        for n in 1.. {
            emit.send(n).await;
            counted.store(n, SeqCst);
        }
    })
    .boxed();
    for n in 1..=3 {
        assert_eq!(flow.next().await, Ok(Some(n)));
        assert_eq!(sent.load(SeqCst), n - 1, "the consumer has it, the sender does not know yet");
    }
}

#[tokio::test(start_paused = true)]
async fn it_conforms() {
    assert_conforms(|token| {
        create(|emit| async move {
            for n in 0..20 {
                emit.send(n).await;
                if n % 3 == 0 {
                    wait(n).await;
                }
            }
            drop(token);
        })
    })
    .await;
    assert_conforms(|token| {
        create(|emit| async move {
            loop {
                emit.send(Arc::strong_count(&token).min(1)).await;
            }
        })
    })
    .await;
    assert_conforms(|token| {
        try_create(|emit| async move {
            emit.send(1).await;
            emit.send(2).await;
            drop(token);
            Err(Broken)
        })
    })
    .await;
    assert_conforms(|_| {
        create(|emit| async move {
            emit.send(1).await;
            std::future::pending::<()>().await;
        })
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn every_attempt_has_a_future_of_its_own() {
    let flow = try_create(|emit| async move {
        emit.send('a').await;
        wait(1).await;
        Err(Broken)
    });
    let backoff = Backoff::fixed(Duration::from_millis(2)).max_retries(1).stable_for(Duration::MAX);
    assert_marbles(flow.retry(backoff), "a--a#").await;
}

#[tokio::test(start_paused = true)]
async fn several_sends_at_once_are_taken_one_by_one() {
    let joined = create(|emit| async move {
        join!(emit.send(1), emit.send(2), emit.send(3));
        emit.send(4).await;
    });
    assert_marbles(joined, "(1234|)").await;

    let loops = create(|emit| async move {
        let send = async |n: u32| {
            for _ in 0..3 {
                emit.send(n).await;
            }
        };
        join!(send(1), send(2));
    });
    assert_marbles(loops, "(121212|)").await;

    // These have wakers of their own.
    let unordered = create(|emit| async move {
        let sends: FuturesUnordered<_> = (0..100).map(|n| emit.send(n)).collect();
        futures_util::StreamExt::collect::<()>(sends).await;
        join_all((100..200).map(|n| emit.send(n))).await;
    });
    let all = unordered.collect::<Vec<_>>().await.unwrap();
    assert!(all.into_iter().eq(0..200));
}

#[tokio::test(start_paused = true)]
async fn a_send_that_is_dropped_has_sent_nothing() {
    let flow = create(|emit| async move {
        {
            let mut dropped = pin!(emit.send('x'));
            assert!(poll!(&mut dropped).is_pending());
        }
        emit.send('a').await;
        select! {
            biased;
            () = emit.send('y') => {}
            () = std::future::ready(()) => {}
        }
        {
            let mut first = pin!(emit.send('z'));
            let mut second = pin!(emit.send('b'));
            assert!(poll!(&mut first).is_pending());
            assert!(poll!(&mut second).is_pending());
            first.set(emit.send('c'));
            join!(second, first);
        }
    });
    let mut items = flow.collect::<Vec<_>>().await.unwrap();
    items.sort_unstable();
    assert_eq!(items, ['a', 'b', 'c']);
}

#[tokio::test(start_paused = true)]
async fn an_emitter_in_another_task_is_heard() {
    let (given, flow) = given_away(10);
    let other = tokio::spawn(async move {
        let emit = given.await.unwrap();
        wait(2).await;
        emit.send(1).await;
        wait(2).await;
        emit.send(2).await;
        assert!(!emit.is_closed());
        wait(20).await;
        assert!(emit.is_closed());
        emit.send(3).await;
    });
    assert_marbles(flow, "--1-2-----|").await;
    other.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_that_share_an_emitter_lose_nothing() {
    let flow = create(|emit| async move {
        let emit = Arc::new(emit);
        let tasks = (0..4_u32).map(|task| {
            let emit = Arc::clone(&emit);
            tokio::spawn(async move {
                for n in 0..500 {
                    emit.send(task * 500 + n).await;
                }
            })
        });
        for sent in join_all(tasks).await {
            sent.unwrap();
        }
    });
    let mut all = flow.collect::<Vec<_>>().await.unwrap();
    all.sort_unstable();
    assert!(all.into_iter().eq(0..2000));
}

#[tokio::test(start_paused = true)]
async fn an_emitter_elsewhere_in_the_same_task_is_heard() {
    for sender_first in [true, false] {
        let (given, flow) = given_away(10);
        let mut sends = pin!(async move {
            let emit = given.await.unwrap();
            emit.send(1).await;
            emit.send(2).await;
            "sent"
        });
        let mut items = pin!(flow.collect::<Vec<_>>());
        let (sent, items) = if sender_first {
            join(&mut sends, &mut items).await
        } else {
            let (items, sent) = join(&mut items, &mut sends).await;
            (sent, items)
        };
        assert_eq!((sent, items), ("sent", Ok(vec![1, 2])));
    }
}

#[tokio::test(start_paused = true)]
async fn sends_that_wait_when_the_flow_is_dropped_are_let_go() {
    let (given, flow) = given_away(1_000);
    let mut flow = flow.boxed();
    assert!(flow.next().now_or_never().is_none());
    let emit = given.await.unwrap();
    let (mut first, mut second) = (pin!(emit.send(1)), pin!(emit.send(2)));
    assert!(poll!(&mut first).is_pending() && poll!(&mut second).is_pending());
    drop(flow);
    join!(first, second);
    assert!(emit.is_closed());
}

#[tokio::test]
async fn it_lets_other_tasks_run() {
    let endless = tokio::spawn(
        create(|emit| async move {
            loop {
                emit.send(1).await;
            }
        })
        .filter(|_| false)
        .count(),
    );
    assert_eq!(tokio::spawn(async { "had its turn" }).await.unwrap(), "had its turn");
    endless.abort();
    assert!(endless.await.unwrap_err().is_cancelled());
}

#[tokio::test(start_paused = true)]
async fn a_clone_of_a_running_one_panics() {
    let mut flow = Box::pin(create(|emit| async move { emit.send(1).await }));
    let before = Flow::clone(&flow);
    assert_eq!(contract::poll(flow.as_mut(), 1, false).await.0, 1);
    assert!(catch_unwind(AssertUnwindSafe(|| Flow::clone(&flow))).is_err());
    assert_eq!(before.count().await, Ok(1));
}

#[test]
fn it_tells_what_it_holds() {
    let plan = create(|emit| async move { emit.send(1).await }).plan();
    assert_eq!(plan.bound(), Some(1));
}
