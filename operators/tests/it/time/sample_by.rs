use std::task::Poll;

use thalweg::{Drained, DropReason};
use thalweg_operators::testing::{Conform, Script, assert_marbles, cold, probe};

use crate::poll::poll;

#[tokio::test(start_paused = true)]
async fn the_newest_item_comes_with_every_item_of_the_notifier_if_there_is_one() {
    let flow = cold("    -a-bc-----d----e-|").sample_by(cold("x----y-z--x----"));
    assert_marbles(flow, "-----c----d------|").await;
}

#[tokio::test(start_paused = true)]
async fn at_one_instant_the_source_goes_first() {
    assert_marbles(cold("-a-b-|").sample_by(cold("---(xy)-")), "---b-|").await;
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_notifier_ends_nothing() {
    assert_marbles(cold("-a-b-c--|").sample_by(cold("--x|")), "--a-----|").await;
}

#[tokio::test(start_paused = true)]
async fn completion_drops_what_waits_and_an_error_of_either_is_the_end() {
    let flow = cold("-a-|").sample_by(cold("---x"));
    let mut plan = flow.plan();
    assert_eq!(plan.stages().len(), 3);
    assert_marbles(flow, "---|").await;
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!(counts.dropped_by(DropReason::Unmatched), 1);
    for flow in [
        cold("-a-#").sample_by(cold("-----")),
        cold("-a----").sample_by(cold("---#")),
    ] {
        let mut plan = flow.plan();
        assert_marbles(flow, "---#").await;
        plan.refresh();
        let counts = plan.stages()[0].counts().unwrap();
        assert_eq!(
            (counts.dropped_by(DropReason::Failed), counts.in_flight()),
            (1, 0)
        );
    }
}

#[tokio::test]
async fn the_notifier_is_dropped_with_the_source_and_the_source_with_a_failed_notifier() {
    let (notifier, log) = probe(Script::Idle(0));
    let mut flow = probe(Script::Items(1)).0.sample_by(notifier);
    assert_eq!(flow.next().await, Ok(None));
    assert!(log.is_dropped());
    let (source, log) = probe(Script::Idle(1));
    let mut flow = source.sample_by(probe(Script::Failing(0)).0);
    assert!(flow.next().await.is_err());
    assert!(log.is_dropped());
}

#[tokio::test]
async fn neither_starves_the_other() {
    let (source, source_log) = probe(Script::Endless);
    let (notifier, log) = probe(Script::Endless);
    let mut flow = source.sample_by(notifier);
    let (items, rest) = poll(&mut flow, 8, false);
    assert_eq!(
        (items, rest),
        (vec![3], Poll::Ready(Ok(Drained::Exhausted)))
    );
    assert_eq!((source_log.produced(), log.produced()), (4, 4));
}

#[tokio::test]
async fn a_stop_reaches_both_before_an_item_goes_out() {
    let (source, source_log) = probe(Script::Endless);
    let (notifier, log) = probe(Script::Endless);
    let mut flow = source.sample_by(notifier);
    assert_eq!(flow.next().await, Ok(Some(511)));
    let (items, rest) = poll(&mut flow, 8, true);
    assert_eq!(
        (items.len(), rest),
        (0, Poll::Ready(Ok(Drained::Completed)))
    );
    assert!(source_log.saw_stop() && log.is_dropped());
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.sample_by(cold("----x---y")))
        .check()
        .await;
    // What is there at a poll depends on the polls.
    Conform::new(|source| source.sample_by(probe(Script::Endless).0))
        .any_sequence()
        .check()
        .await;
    Conform::new(|source| probe(Script::Items(9)).0.sample_by(source))
        .handles_errors()
        .any_sequence()
        .check()
        .await;
}
