use std::task::Poll;

use thalweg::{Drained, DropReason};
use thalweg_operators::{
    IntoFlow,
    testing::{Broken, Conform, Script, assert_marbles, captured, cold, probe},
};

use crate::poll::poll;

#[tokio::test(start_paused = true)]
async fn the_newest_item_comes_when_the_notifier_of_the_first_has_one() {
    let window = |letter: &char| match letter {
        'a' => cold("--n"),
        _ => cold("----n"),
    };
    let flow = cold("    -ax--b-x-------|").audit_by(window);
    assert_marbles(flow, "---x-----x-----|").await;
}

#[tokio::test(start_paused = true)]
async fn at_one_instant_the_source_goes_before_the_notifier() {
    assert_marbles(cold("-a--b---|").audit_by(|_| cold("---n")), "----b---|").await;
    assert_marbles(cold("-(abc)-d|").audit_by(|_| cold("n")), "-c-----d|").await;
}

#[tokio::test(start_paused = true)]
async fn a_notifier_without_an_item_hands_on_nothing() {
    let flow = cold("-a----b----|").audit_by(|_| cold("--|"));
    let mut plan = flow.plan();
    assert_marbles(flow, "-----------|").await;
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!(
        counts.to_string(),
        "in 2, out 0, dropped 1 (superseded), dropped 1 (unmatched), in flight 0"
    );
    let empty = |_: &char| std::iter::empty::<()>().flow().with_error::<Broken>();
    assert_marbles(cold("-a-b-c-|").audit_by(empty), "-------|").await;
}

#[tokio::test(start_paused = true)]
async fn completion_waits_for_the_window_of_the_item_that_waits() {
    assert_marbles(cold("-a-|").audit_by(|_| cold("-----n")), "------(a|)").await;
    assert_marbles(cold("-a-|").audit_by(|_| cold("-----|")), "------|").await;
    assert_marbles(cold("---|").audit_by(|_| cold("-----n")), "---|").await;
    // A window without end never lets go.
    assert_marbles(cold("-a-|").audit_by(|_| cold("-")), "-").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_of_either_passes_at_once() {
    let flow = cold("-a-#").audit_by(|_| cold("-----n"));
    let mut plan = flow.plan();
    assert_marbles(flow, "---#").await;
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!(counts.dropped_by(DropReason::Failed), 1);
    assert_marbles(cold("-a-----|").audit_by(|_| cold("--#")), "---#").await;
    assert_marbles(cold("-a-|").audit_by(|_| cold("-----#")), "------#").await;
}

#[tokio::test]
async fn a_stop_reaches_the_notifier_after_the_end_of_the_source() {
    let (source, _) = probe(Script::Items(2));
    let (notifier, log) = probe(Script::Idle(0));
    let mut notifier = Some(notifier);
    let mut flow = source.audit_by(move |_| notifier.take().unwrap());
    assert_eq!(poll(&mut flow, 8, false), (vec![], Poll::Pending));
    let (items, rest) = poll(&mut flow, 8, true);
    assert_eq!(
        (items, rest),
        (vec![1], Poll::Ready(Ok(Drained::Completed)))
    );
    assert!(log.saw_stop() && log.is_dropped());
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| {
        let kept = captured();
        source.audit_by(move |_| kept.with(cold("----n")))
    })
    .check()
    .await;
    // What is due at once depends on the polls, by design.
    Conform::new(|source| source.audit_by(|_| probe(Script::Stuttering(1)).0))
        .any_sequence()
        .check()
        .await;
}
