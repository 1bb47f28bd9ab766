//! A terminal whose future is dropped after its first poll, after its second, and so on.

use std::{
    future::poll_fn,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    task::Poll,
};

use thalweg_operators::{
    Flow,
    testing::{Probe, Script, probe},
};
use tokio::task::yield_now;

/// Items of the source, one a poll.
pub(crate) const ITEMS: u32 = 10;

/// Polls after which a terminal that is not done is taken for one that never is.
const MOST_POLLS: u32 = 100;

/// Counts the items that had their effect. A closure that keeps a clone shows by it whether it is dropped.
#[derive(Clone, Default)]
pub(crate) struct Tally(Arc<AtomicU64>);

impl Tally {
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, SeqCst);
    }
}

/// Drops the future of a terminal after every poll, up to its end.
///
/// Each time it has let go of its source and its closures, when it is done even before it is dropped; and of the items that
/// came at most `loses` had no effect, as its docs say.
pub(crate) async fn at_every_poll<F: Future>(loses: u32, run: impl Fn(Flow<Probe>, Tally) -> F) {
    let mut polls = 1;
    while !is_done(loses, &run, polls).await {
        polls += 1;
        assert!(polls < MOST_POLLS, "it is never done");
    }
}

/// Tells whether the terminal is done by that number of polls.
async fn is_done<F: Future>(
    loses: u32,
    run: &impl Fn(Flow<Probe>, Tally) -> F,
    polls: u32,
) -> bool {
    let (source, log) = probe(Script::Stuttering(ITEMS));
    let tally = Tally::default();
    let is_gone = || log.is_dropped() && Arc::strong_count(&tally.0) == 1;
    let mut done = false;
    {
        let mut future = pin!(run(source, tally.clone()));
        for _ in 0..polls {
            done = poll_fn(|task| Poll::Ready(future.as_mut().poll(task).is_ready())).await;
            yield_now().await;
        }
        assert!(!done || is_gone(), "done, it keeps its source or a closure");
    }
    // A task that was aborted drops what it has when it is run next.
    yield_now().await;
    assert!(
        is_gone(),
        "dropped after poll {polls}, it keeps its source or a closure"
    );
    let lost = log.produced() - tally.0.load(SeqCst);
    assert!(
        lost <= u64::from(loses),
        "dropped after poll {polls}, it lost {lost} items and not {loses} at most"
    );
    done
}
