//! The rules of the contract, checked on an operator.

use std::{
    fmt::Debug,
    future::poll_fn,
    ops::ControlFlow,
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
};

use thalweg_core::{Cx, Drained, Observable};
use tokio::{
    task::yield_now,
    time::{Duration, timeout},
};

use crate::Flow;

mod books;
mod cancel;
mod captured;
mod weather;

pub use captured::{Captured, captured};

use super::{Probe, ProbeLog, Script, probe};

/// Items of the sources that end.
const ITEMS: u32 = 100;

/// Polls in which an endless source must have let go of the thread.
const POLLS: u64 = 20;

/// Bytes that each stage may need beside its source: what grows with its items is on the heap, and bounded by its plan.
const STATE: usize = 512;

/// Time, on the paused clock, in which a source that never waits must have come to its end.
const PATIENCE: Duration = Duration::from_hours(24 * 365);

/// What holds for an operator besides what holds for all.
#[derive(Clone, Copy)]
struct Rules {
    /// What comes out is what comes out of a calm run.
    sequence: bool,
    /// It has no task that gets ahead of its consumer.
    in_task: bool,
}

/// Checks an operator against the rules of [`Observable`].
///
/// [`check`](Self::check) builds the operator on sources that watch how they are treated: it is lazy; a break at any item
/// changes nothing; a source that stutters changes nothing; it stays ended, never polls its source after the end and has
/// dropped it by then; an error passes; an endless source does not hold the thread; a stop reaches the source and ends
/// the flow; in random weather, cut short at random too, what comes in goes out, is dropped for a reason or is held, as
/// the plan says; and dropped after any poll it keeps nothing, and loses no more than it holds. The signature asserts `Send` and `Debug`; [`captured`] shows that a closure is dropped at the end.
///
/// # Examples
///
/// ```
/// use thalweg_operators::testing::Conform;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// Conform::new(|source| source.map(|n| n + 1)).check().await;
/// # }
/// ```
#[derive(Debug)]
#[must_use = "nothing is checked before `check`"]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a rule that an operator is told not to keep"
)]
pub struct Conform<B> {
    build: B,
    errors_pass: bool,
    in_task: bool,
    sequence: bool,
    interleaves: bool,
}

impl<B, R> Conform<B>
where
    B: Fn(Flow<Probe>) -> Flow<R>,
    R: Observable<Item: PartialEq + Debug, Error: Debug> + Debug + Send,
{
    /// Takes a closure that builds the operator on a source of numbers.
    pub fn new(build: B) -> Self {
        Self {
            build,
            errors_pass: true,
            in_task: true,
            sequence: true,
            interleaves: false,
        }
    }

    /// For operators that handle errors: one need not end the flow.
    pub fn handles_errors(mut self) -> Self {
        self.errors_pass = false;
        self
    }

    /// For operators with a task of their own, which is ahead of its consumer by what its queues hold.
    pub fn has_tasks(mut self) -> Self {
        self.in_task = false;
        self
    }

    /// For operators whose result depends on when they are polled, by design: sequences are not compared.
    pub fn any_sequence(mut self) -> Self {
        self.sequence = false;
        self
    }

    /// For operators of several inputs, where a source that stutters lets another go first.
    pub fn interleaves(mut self) -> Self {
        self.interleaves = true;
        self
    }

    /// Checks all rules.
    ///
    /// # Panics
    ///
    /// Panics with the rule that is broken.
    pub async fn check(self) {
        self.lazy();
        let all = self.run(Script::Items(ITEMS), |_| false).await;
        if self.sequence {
            for every in [1, 2, 3, 7] {
                let broken = self
                    .run(Script::Items(ITEMS), |seen| seen % every == 0)
                    .await;
                assert_eq!(
                    broken, all,
                    "a break at every item no. {every} changed the sequence"
                );
            }
        }
        for script in [Script::Stuttering(ITEMS), Script::Yielding(ITEMS)] {
            let stuttering = self.run(script, |_| false).await;
            assert!(
                self.interleaves || !self.sequence || stuttering == all,
                "a source that stutters changed the sequence"
            );
        }
        self.run(Script::Failing(ITEMS), |seen| seen % 3 == 0).await;
        self.no_budget().await;
        self.yields().await;
        for script in [Script::Endless, Script::Idle(0), Script::Idle(3)] {
            self.stops(script).await;
        }
        let rules = Rules {
            sequence: self.sequence && !self.interleaves,
            in_task: self.in_task,
        };
        weather::check(&self.build, rules).await;
        cancel::check(&self.build, rules).await;
    }

    fn lazy(&self) {
        let (source, log) = probe(Script::Items(ITEMS));
        let flow = (self.build)(source);
        assert!(!format!("{flow:?}").is_empty());
        let plan = flow.plan();
        let stages = plan.stages().iter().filter(|stage| stage.name() != "probe");
        let stages = stages.count();
        assert!(stages > 0, "it does not describe itself");
        let state = size_of_val(&flow).saturating_sub(size_of::<Probe>());
        assert!(
            state <= stages * STATE,
            "the state of {stages} stages takes {state} bytes"
        );
        assert_eq!(log.polls(), 0, "it polls its source before it is polled");
        drop(flow);
        assert!(log.is_dropped(), "it keeps its source after it was dropped");
    }

    /// Runs to the end, breaking where told, and checks how the end is kept.
    async fn run(&self, script: Script, breaks: impl Fn(usize) -> bool) -> Vec<R::Item> {
        let (source, log) = probe(script);
        let mut flow = pin!((self.build)(source));
        let mut items = Vec::new();
        let mut emit = |item| {
            items.push(item);
            if breaks(items.len()) {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let Ok(end) = timeout(PATIENCE, drain(flow.as_mut(), false, &mut emit)).await else {
            panic!("it waits for a wake that nobody owes it");
        };
        if self.errors_pass && matches!(script, Script::Failing(_)) {
            assert!(end.is_err(), "the error of the source did not pass");
        }
        self.ended(flow.as_mut(), &log).await;
        items
    }

    async fn ended(&self, mut flow: Pin<&mut Flow<R>>, log: &Arc<ProbeLog>) {
        if !self.in_task {
            books::let_go(log).await;
        }
        assert!(log.is_dropped(), "it keeps its source after the end");
        assert_eq!(captured::alive(), 0, "it keeps a closure after the end");
        for _ in 0..2 {
            let mut items = 0;
            let again = drain(flow.as_mut(), false, &mut |_| {
                items += 1;
                ControlFlow::Continue(())
            })
            .await;
            assert!(again.is_ok() && items == 0, "it did not stay ended");
        }
        assert_eq!(
            log.polls_after_end(),
            0,
            "it polled its source after the end"
        );
    }

    /// With a budget of 0 an observable may look around, and hear of a stop, but hands on nothing, not even its own.
    async fn no_budget(&self) {
        for stopping in [false, true] {
            let (source, log) = probe(Script::Items(ITEMS));
            let mut flow = pin!((self.build)(source));
            for (budget, stopping) in [(0, false), (8, false), (0, stopping)] {
                let before = log.produced();
                let mut emitted = 0;
                poll_fn(|task| {
                    let mut cx = Cx::new(task).with_budget(budget).with_stop(stopping);
                    let _ = flow.as_mut().poll_drain(&mut cx, |_| {
                        emitted += 1;
                        ControlFlow::Continue(())
                    });
                    Poll::Ready(())
                })
                .await;
                if budget == 0 {
                    assert_eq!(emitted, 0, "it handed something on without a budget");
                    assert_eq!(
                        log.produced(),
                        before,
                        "its source produced without a budget"
                    );
                }
                // Its tasks, if it has some, may get ahead.
                for _ in 0..3 {
                    yield_now().await;
                }
            }
        }
    }

    async fn yields(&self) {
        let (source, log) = probe(Script::Endless);
        let mut flow = pin!((self.build)(source));
        for _ in 0..POLLS {
            poll_fn(|task| {
                let _ = flow
                    .as_mut()
                    .poll_drain(&mut Cx::new(task), |_| ControlFlow::Continue(()));
                Poll::Ready(())
            })
            .await;
            if !self.in_task {
                yield_now().await;
            }
        }
        if self.in_task {
            let allowed = POLLS * u64::from(Cx::DEFAULT_BUDGET);
            assert!(
                log.produced() <= allowed,
                "{} items in {POLLS} polls, with a budget of {allowed}",
                log.produced()
            );
        }
    }

    async fn stops(&self, script: Script) {
        let (source, log) = probe(script);
        let mut flow = pin!((self.build)(source));
        // Under way first, so that the operator is in the midst of something.
        poll_fn(|task| {
            let mut cx = Cx::new(task).with_budget(8);
            let _ = flow
                .as_mut()
                .poll_drain(&mut cx, |_| ControlFlow::Break(()));
            Poll::Ready(())
        })
        .await;
        if log.polls() == 0 && self.in_task {
            return;
        }
        if self.in_task {
            poll_fn(|task| {
                let mut cx = Cx::new(task).with_stop(true);
                let _ = flow
                    .as_mut()
                    .poll_drain(&mut cx, |_| ControlFlow::Break(()));
                Poll::Ready(())
            })
            .await;
            assert!(
                log.saw_stop() || log.is_dropped(),
                "the stop did not reach the source in the first poll"
            );
        }
        let _ = drain(flow.as_mut(), true, &mut |_| ControlFlow::Continue(())).await;
        assert!(
            log.saw_stop() || log.is_dropped(),
            "the stop did not reach the source"
        );
        self.ended(flow.as_mut(), &log).await;
    }
}

/// Polls to the end, as a driver does, going on after every break.
async fn drain<R: Observable>(
    mut flow: Pin<&mut Flow<R>>,
    stopping: bool,
    emit: &mut dyn FnMut(R::Item) -> ControlFlow<()>,
) -> Result<(), R::Error> {
    poll_fn(|task| {
        let mut cx = Cx::new(task).with_stop(stopping);
        match flow.as_mut().poll_drain(&mut cx, &mut *emit) {
            Poll::Ready(Ok(Drained::Completed)) => Poll::Ready(Ok(())),
            Poll::Ready(Ok(Drained::Stopped | Drained::Exhausted)) => {
                task.waker().wake_by_ref();
                Poll::Pending
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}
