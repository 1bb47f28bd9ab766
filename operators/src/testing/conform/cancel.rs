//! A flow that is dropped after its first poll, after its second, and so on: nothing is kept, and no more is lost than the
//! plan says.

use std::{
    fmt::Debug,
    future::poll_fn,
    ops::ControlFlow,
    pin::{Pin, pin},
    task::Poll,
    time::Duration,
};

use thalweg_core::{Cx, Drained, Observable};
use tokio::{task::yield_now, time::sleep};

use crate::Flow;

use super::{Probe, Rules, Script, books, probe};

/// Items of the source.
const ITEMS: u32 = 10;

/// Polls after which a flow that has not ended has been dropped often enough.
const MOST_POLLS: u32 = 48;

/// Polls in a row without an item, after which no other comes from a source that is silent.
const SILENT_POLLS: u32 = 4;

/// Why a poll gives no more than an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Consumer {
    /// There is a budget for one. No time passes.
    Poor,
    /// It breaks at every item, and waits a while when there is none.
    Picky,
}

/// Drops an operator after every poll of a run.
pub(super) async fn check<R>(build: &impl Fn(Flow<Probe>) -> Flow<R>, rules: Rules)
where
    R: Observable<Item: PartialEq + Debug>,
{
    for consumer in [Consumer::Poor, Consumer::Picky] {
        let mut polls = 1;
        while polls <= MOST_POLLS && !ends(build, consumer, polls, rules).await {
            polls += 1;
        }
    }
}

/// Tells whether the flow has ended by that number of polls. Drops it then.
async fn ends<R>(
    build: &impl Fn(Flow<Probe>) -> Flow<R>,
    consumer: Consumer,
    polls: u32,
    rules: Rules,
) -> bool
where
    R: Observable<Item: PartialEq + Debug>,
{
    let what = &format!("dropped after poll {polls} of a consumer that is {consumer:?}");
    let (source, log) = probe(Script::Items(ITEMS));
    let mut plan;
    let mut seen = Vec::new();
    let mut ended = false;
    {
        let mut flow = pin!(build(source));
        plan = flow.plan();
        for _ in 0..polls {
            let drained = poll(flow.as_mut(), consumer, &mut seen).await;
            books::check(&mut plan, &log, rules, what);
            ended = matches!(drained, Poll::Ready(Ok(Drained::Completed) | Err(_)));
            rest(consumer, drained.is_pending()).await;
        }
    }
    books::check_dropped(&mut plan, &log, rules, what).await;
    let produced = u32::try_from(log.produced()).unwrap_or(u32::MAX);
    let is_underway = (1..ITEMS).contains(&produced) && !ended;
    let is_line = plan.stages().iter().all(|stage| stage.inputs().len() < 2);
    let holds_nothing = is_line && plan.bound() == Some(0);
    if consumer == Consumer::Poor && rules.sequence && is_underway && holds_nothing {
        // All that is made of the items before; some of what is made of the last may lie in an inner flow.
        let least = made_of(build, produced - 1).await;
        let most = made_of(build, produced).await;
        assert!(
            seen.starts_with(&least) && most.starts_with(&seen),
            "{seen:?} came, {what}; it holds nothing, so that is to be {least:?} up to {most:?}"
        );
    }
    ended
}

/// Gives what comes out of the first `items` of a source that then says nothing more.
async fn made_of<R: Observable>(
    build: &impl Fn(Flow<Probe>) -> Flow<R>,
    items: u32,
) -> Vec<R::Item> {
    let mut flow = pin!(build(probe(Script::Idle(items)).0));
    let mut seen = Vec::new();
    let mut silent = 0;
    while silent < SILENT_POLLS {
        let before = seen.len();
        let drained = poll(flow.as_mut(), Consumer::Poor, &mut seen).await;
        rest(Consumer::Poor, drained.is_pending()).await;
        silent = if seen.len() > before { 0 } else { silent + 1 };
    }
    seen
}

/// What a consumer does between two polls.
async fn rest(consumer: Consumer, waits: bool) {
    if consumer == Consumer::Picky && waits {
        sleep(Duration::from_millis(1)).await;
    } else {
        yield_now().await;
    }
}

/// Polls once.
async fn poll<R: Observable>(
    mut flow: Pin<&mut Flow<R>>,
    consumer: Consumer,
    seen: &mut Vec<R::Item>,
) -> Poll<Result<Drained, R::Error>> {
    let (budget, after_an_item) = match consumer {
        Consumer::Poor => (1, ControlFlow::Continue(())),
        Consumer::Picky => (Cx::DEFAULT_BUDGET, ControlFlow::Break(())),
    };
    poll_fn(|task| {
        let mut cx = Cx::new(task).with_budget(budget);
        Poll::Ready(flow.as_mut().poll_drain(&mut cx, |item| {
            seen.push(item);
            after_an_item
        }))
    })
    .await
}
