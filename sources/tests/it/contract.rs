//! The rules that every source keeps.

use std::{fmt::Debug, future::poll_fn, ops::ControlFlow, pin::Pin, sync::Arc, task::Poll};

use thalweg::{Cx, Drained, Flow, Observable};
use tokio::time::{Duration, timeout};

/// What a closure of a source holds, so that it is seen when it is dropped.
pub(crate) type Token = Arc<()>;

/// Items after which a source counts as endless.
const MANY: usize = 50;

/// Time, on the paused clock, that a source may take for an item or the end.
const PATIENCE: Duration = Duration::from_hours(24 * 365);

/// Checks a source; `build` makes a new one, and gives the token to its closures.
///
/// A break at any item and any budget change nothing; nothing comes without a budget; a stop completes it at the first
/// poll, whether or not it had begun; it stays ended, and has dropped its closures by then.
pub(crate) async fn assert_conforms<R>(build: impl Fn(Token) -> Flow<R>)
where
    R: Observable<Item: PartialEq + Debug, Error: PartialEq + Debug> + Debug + Send,
{
    let (flow, _token) = begin(&build);
    assert!(!format!("{flow:?}").is_empty());
    assert!(
        !flow.plan().stages().is_empty(),
        "it does not describe itself"
    );

    let all = play(&build, Cx::DEFAULT_BUDGET, |_| false).await;
    for every in [1, 2, 3, 7] {
        let broken = play(&build, Cx::DEFAULT_BUDGET, |seen| seen % every == 0).await;
        assert_eq!(
            broken, all,
            "a break at every item no. {every} changed the sequence"
        );
    }
    for budget in [1, 2, 3] {
        let small = play(&build, budget, |_| false).await;
        assert_eq!(small, all, "a budget of {budget} changed the sequence");
    }
    without_budget(&build).await;
    for items in [0, 1] {
        stops(&build, items).await;
    }
}

fn begin<R>(build: &impl Fn(Token) -> Flow<R>) -> (Pin<Box<Flow<R>>>, Token) {
    let token = Token::default();
    (Box::pin(build(Arc::clone(&token))), token)
}

/// What was emitted, and the error at its end.
type Played<R> = (
    Vec<<R as Observable>::Item>,
    Option<<R as Observable>::Error>,
);

async fn play<R: Observable>(
    build: &impl Fn(Token) -> Flow<R>,
    budget: u32,
    breaks: impl Fn(usize) -> bool,
) -> Played<R> {
    let (mut flow, token) = begin(build);
    let mut items = Vec::new();
    let to_the_end = poll_fn(|task| {
        loop {
            let before = items.len();
            let mut cx = Cx::new(task).with_budget(budget);
            let polled = flow.as_mut().poll_drain(&mut cx, |item| {
                items.push(item);
                if breaks(items.len()) {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            });
            assert!(
                items.len() - before <= budget as usize,
                "more items than budget"
            );
            if items.len() >= MANY {
                items.truncate(MANY);
                return Poll::Ready(None);
            }
            match polled {
                Poll::Ready(Ok(Drained::Completed)) => return Poll::Ready(Some(None)),
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Some(Some(error))),
                Poll::Pending => return Poll::Pending,
            }
        }
    });
    let end = timeout(PATIENCE, to_the_end).await.unwrap_or(None);
    let error = match end {
        Some(error) => {
            assert_ended(flow.as_mut(), &token).await;
            error
        }
        None => None,
    };
    (items, error)
}

/// Polls once; gives how many items came, and the outcome.
pub(crate) async fn poll<R: Observable>(
    mut flow: Pin<&mut Flow<R>>,
    budget: u32,
    stopping: bool,
) -> (usize, Poll<Result<Drained, R::Error>>) {
    let mut items = 0;
    let polled = poll_fn(|task| {
        let mut cx = Cx::new(task).with_budget(budget).with_stop(stopping);
        Poll::Ready(flow.as_mut().poll_drain(&mut cx, |_| {
            items += 1;
            ControlFlow::Continue(())
        }))
    })
    .await;
    (items, polled)
}

async fn assert_ended<R: Observable>(mut flow: Pin<&mut Flow<R>>, token: &Token) {
    assert_eq!(
        Arc::strong_count(token),
        1,
        "it keeps its closures after the end"
    );
    for budget in [8, 0] {
        let (items, polled) = poll(flow.as_mut(), budget, false).await;
        assert!(
            items == 0 && matches!(polled, Poll::Ready(Ok(Drained::Completed))),
            "it did not stay ended"
        );
    }
}

async fn without_budget<R: Observable>(build: &impl Fn(Token) -> Flow<R>) {
    let (mut flow, _token) = begin(build);
    for budget in [0, 1, 0] {
        let (items, _) = poll(flow.as_mut(), budget, false).await;
        assert!(items <= budget as usize, "it emitted without a budget");
    }
}

async fn stops<R: Observable>(build: &impl Fn(Token) -> Flow<R>, items: u32) {
    let (mut flow, token) = begin(build);
    if items > 0 {
        let _ = poll(flow.as_mut(), items, false).await;
    }
    let (items, polled) = poll(flow.as_mut(), 8, true).await;
    assert!(
        items == 0 && matches!(polled, Poll::Ready(Ok(Drained::Completed))),
        "it did not complete when it was asked to stop"
    );
    assert_ended(flow.as_mut(), &token).await;
}
