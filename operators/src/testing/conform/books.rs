//! The numbers of the stages while a flow runs, and what must be gone when it is dropped.

use thalweg_core::{Holds, Plan, StagePlan};
use tokio::task::yield_now;

use super::{ProbeLog, Rules, captured};

/// Turns of the other tasks after which what they keep is taken for kept for ever.
const MOST_YIELDS: u32 = 1_000_000;

/// Checks that received = emitted + dropped + in flight at every stage, and that no stage holds more than it says.
pub(super) fn check(plan: &mut Plan, log: &ProbeLog, rules: Rules, what: &str) {
    balance(plan, log, rules, false, what);
}

/// Checks that a flow which was dropped keeps neither its source nor a closure, and that nothing is in flight.
pub(super) async fn check_dropped(plan: &mut Plan, log: &ProbeLog, rules: Rules, what: &str) {
    if !rules.in_task {
        let_go(log).await;
    }
    assert!(log.is_dropped(), "the source is kept, {what}");
    assert_eq!(captured::alive(), 0, "a closure is kept, {what}");
    balance(plan, log, rules, true, what);
}

/// Lets tasks that were aborted, and threads that are at work, drop what they have.
pub(super) async fn let_go(log: &ProbeLog) {
    for _ in 0..MOST_YIELDS {
        if log.is_dropped() && captured::alive() == 0 {
            break;
        }
        yield_now().await;
    }
}

fn balance(plan: &mut Plan, log: &ProbeLog, rules: Rules, ended: bool, what: &str) {
    plan.refresh();
    let feeds_it = |stages: &[StagePlan]| stages.len() == 2 && stages[1].name() == "probe";
    let alone = rules.in_task && feeds_it(plan.stages());
    for stage in plan.stages() {
        let Some(counts) = stage.counts() else {
            continue;
        };
        let name = stage.name();
        let gone = counts.emitted + counts.dropped();
        assert!(
            gone <= counts.received,
            "{name} hands on more than came: {counts}, {what}"
        );
        let held = counts.received - gone;
        let bound = match stage.holds() {
            _ if ended => 0,
            Holds::Items(items) => u64::try_from(items).unwrap_or(u64::MAX),
            _ => u64::MAX,
        };
        assert!(
            held <= bound,
            "{name} holds {held} items, of {bound}: {counts}, {what}"
        );
        if alone {
            let produced = log.produced();
            // It may receive from elsewhere too.
            assert!(
                counts.received >= produced,
                "{name} lost sight of an item, {what}"
            );
        }
    }
}
