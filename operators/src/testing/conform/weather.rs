//! Random input and a random consumer: nothing is lost, nothing comes twice, the books balance.

use std::{future::poll_fn, ops::ControlFlow, pin::pin, task::Poll, time::Duration};

use fastrand::Rng;
use thalweg_core::{Cx, Drained, Observable};
use tokio::{task::yield_now, time::sleep};

use crate::Flow;

use super::{Probe, Rules, Script, books, probe};

/// Runs of different weather.
const SEEDS: u64 = 48;

/// Polls after which an operator that has not ended is taken for one that never does.
const MOST_POLLS: u32 = 2_000;

/// How a run goes on when it has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Course {
    ToTheEnd,
    StopsAt(u32),
    DroppedAt(u32),
}

/// Checks an operator in every weather.
pub(super) async fn check<R>(build: &impl Fn(Flow<Probe>) -> Flow<R>, rules: Rules)
where
    R: Observable<Item: PartialEq + std::fmt::Debug>,
{
    for seed in 0..SEEDS {
        let mut rng = Rng::with_seed(seed);
        let items = rng.u32(0..24);
        let at = rng.u32(0..16);
        let course = match seed % 4 {
            0 | 1 => Course::ToTheEnd,
            2 => Course::StopsAt(at),
            _ => Course::DroppedAt(at),
        };
        let script = match (course, rng.u8(0..4)) {
            (Course::ToTheEnd, _) | (_, 0..3) => Script::Restless(items, seed),
            _ => Script::Failing(items),
        };
        let what = format!("{course:?} of {script:?}");
        let seen = run(build, script, course, &mut rng, rules, &what).await;
        if rules.sequence && course == Course::ToTheEnd {
            let calm = Script::Items(items);
            let wanted = run(build, calm, course, &mut Rng::with_seed(0), rules, &what).await;
            assert_eq!(seen, wanted, "the weather changed the sequence, {what}");
        }
    }
}

async fn run<R: Observable>(
    build: &impl Fn(Flow<Probe>) -> Flow<R>,
    script: Script,
    course: Course,
    rng: &mut Rng,
    rules: Rules,
    what: &str,
) -> Vec<R::Item> {
    let (source, log) = probe(script);
    let mut plan;
    let mut seen = Vec::new();
    {
        let mut flow = pin!(build(source));
        plan = flow.plan();
        for turn in 0.. {
            // Another input may be endless, by design.
            if course == Course::DroppedAt(turn) || (turn == MOST_POLLS && !rules.sequence) {
                break;
            }
            assert!(turn < MOST_POLLS, "it is busy for ever, {what}");
            let stopping = matches!(course, Course::StopsAt(at) if turn >= at);
            let budget = *rng.choice(&[0, 1, 2, 7, Cx::DEFAULT_BUDGET]).unwrap_or(&1);
            let breaks = rng.bool();
            let drained = poll_fn(|task| {
                let mut cx = Cx::new(task).with_budget(budget).with_stop(stopping);
                let drained = flow.as_mut().poll_drain(&mut cx, |item| {
                    seen.push(item);
                    if breaks {
                        ControlFlow::Break(())
                    } else {
                        ControlFlow::Continue(())
                    }
                });
                // With nothing to spend there may be no wake.
                if drained.is_pending() && budget > 0 {
                    Poll::Pending
                } else {
                    Poll::Ready(drained)
                }
            })
            .await;
            books::check(&mut plan, &log, rules, what);
            if matches!(drained, Poll::Ready(Ok(Drained::Completed) | Err(_))) {
                break;
            }
            match course {
                // The consumer takes its time, and timers fire meanwhile.
                Course::StopsAt(_) | Course::DroppedAt(_) if rng.u8(0..4) == 0 => {
                    sleep(Duration::from_millis(rng.u64(0..8))).await;
                }
                _ => yield_now().await,
            }
        }
    }
    books::check_dropped(&mut plan, &log, rules, what).await;
    seen
}
