use std::{cell::Cell, rc::Rc, task::Poll};

use thalweg::{Counts, Drained, DropReason, Plan};
use thalweg_operators::testing::{Conform, Script, assert_marbles, captured, cold, probe};

use crate::poll::poll;

fn counts(plan: &mut Plan) -> Counts {
    plan.refresh();
    plan.stages()[0].counts().unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_first_item_of_a_window_comes_at_once() {
    let flow = cold("    -a-xy-----b--x--cxxx--|").throttle_by(|_| cold("----n-n"));
    assert_marbles(flow, "-a--------b-----c-----|").await;
    let flow = cold("    -a-xy-----b--x--cxxx--|")
        .throttle_by(|_| cold("----n"))
        .both()
        .leading();
    assert_marbles(flow, "-a--------b-----c-----|").await;
}

#[tokio::test(start_paused = true)]
async fn trailing_and_both_hand_on_the_last_item_of_a_window() {
    let flow = cold("    -a-xy-----b--x--cxxx--|")
        .throttle_by(|_| cold("----n"))
        .trailing();
    assert_marbles(flow, "-----y--------x---x---(x|)").await;
    let flow = cold("    -a-xy-----b--x--cxxx--|")
        .throttle_by(|_| cold("----n"))
        .both();
    assert_marbles(flow, "-a---y----b---x---x---(x|)").await;
}

#[tokio::test(start_paused = true)]
async fn every_window_is_as_long_as_its_item_says() {
    let window = |letter: &char| match letter {
        'a' => cold("--n"),
        _ => cold("------n"),
    };
    let flow = cold("    -ax-b-x-x--x-a-|").throttle_by(window);
    assert_marbles(flow, "-a--b------x---|").await;
}

#[tokio::test(start_paused = true)]
async fn at_one_instant_the_source_goes_before_the_notifier() {
    assert_marbles(
        cold("-a---b----|").throttle_by(|_| cold("----n")),
        "-a--------|",
    )
    .await;
    assert_marbles(
        cold("-a---b----|")
            .throttle_by(|_| cold("----n"))
            .trailing(),
        "-----b----|",
    )
    .await;
    assert_marbles(
        cold("-(abc)-d--|").throttle_by(|_| cold("n")),
        "-a-----d--|",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_notifier_that_completes_closes_its_window_and_hands_on_nothing() {
    assert_marbles(
        cold("-a-x--b---|").throttle_by(|_| cold("---|")),
        "-a----b---|",
    )
    .await;
    let flow = cold("-a-x--b---|").throttle_by(|_| cold("---|")).both();
    let mut plan = flow.plan();
    assert_marbles(flow, "-a----b---|").await;
    assert_eq!(counts(&mut plan).dropped_by(DropReason::Superseded), 1);
    let flow = cold("-a-x------|").throttle_by(|_| cold("---|")).both();
    let mut plan = flow.plan();
    assert_marbles(flow, "-a--------|").await;
    assert_eq!(counts(&mut plan).dropped_by(DropReason::Unmatched), 1);
    // Also after the end of the source.
    let flow = cold("-a-x|").throttle_by(|_| cold("------|")).both();
    assert_marbles(flow, "-a-----|").await;
}

#[tokio::test(start_paused = true)]
async fn completion_waits_for_the_window_of_a_trailing_item_and_for_no_other() {
    assert_marbles(cold("-a-b|").throttle_by(|_| cold("----n")), "-a--|").await;
    assert_marbles(
        cold("-a-b|").throttle_by(|_| cold("----n")).both(),
        "-a---(b|)",
    )
    .await;
    assert_marbles(cold("-a-|").throttle_by(|_| cold("----n")).both(), "-a-|").await;
    assert_marbles(
        cold("-a-|").throttle_by(|_| cold("----n")).trailing(),
        "-----(a|)",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_error_of_either_passes_at_once_and_what_is_dropped_is_counted() {
    let flow = cold("-abcd---e-f#").throttle_by(|_| cold("----n")).both();
    let mut plan = flow.plan();
    assert_marbles(flow, "-a---d---e-#").await;
    assert_eq!(
        counts(&mut plan).to_string(),
        "in 6, out 3, dropped 2 (superseded), dropped 1 (failed), in flight 0"
    );
    let flow = cold("-abc------|").throttle_by(|_| cold("----#")).both();
    let mut plan = flow.plan();
    assert_marbles(flow, "-a---#").await;
    assert_eq!(counts(&mut plan).dropped_by(DropReason::Failed), 1);
}

#[tokio::test]
async fn a_notifier_is_made_for_a_window_and_not_for_an_item() {
    let made = Rc::new(Cell::new(0));
    let count = Rc::clone(&made);
    let (source, log) = probe(Script::Endless);
    let mut flow = source.throttle_by(move |_| {
        count.set(count.get() + 1);
        probe(Script::Idle(0)).0
    });
    let (items, rest) = poll(&mut flow, 1000, false);
    assert_eq!(
        (items, rest),
        (vec![0], Poll::Ready(Ok(Drained::Exhausted)))
    );
    assert_eq!((made.get(), log.produced()), (1, 500));
}

#[tokio::test]
async fn on_a_stop_everyone_hears_and_a_trailing_item_goes() {
    let (source, log) = probe(Script::Idle(2));
    let (notifier, notifier_log) = probe(Script::Idle(0));
    let mut notifier = Some(notifier);
    let mut flow = source.throttle_by(move |_| notifier.take().unwrap()).both();
    assert_eq!(poll(&mut flow, 8, false), (vec![0], Poll::Pending));
    let (items, rest) = poll(&mut flow, 0, true);
    assert_eq!(
        (items.len(), rest),
        (0, Poll::Ready(Ok(Drained::Exhausted)))
    );
    assert!(log.saw_stop() && notifier_log.saw_stop());
    let (items, rest) = poll(&mut flow, 8, true);
    assert_eq!(
        (items, rest),
        (vec![1], Poll::Ready(Ok(Drained::Completed)))
    );
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| {
        let kept = captured();
        source.throttle_by(move |_| kept.with(cold("----n")))
    })
    .check()
    .await;
    Conform::new(|source| source.throttle_by(|_| cold("----n")).trailing())
        .check()
        .await;
    Conform::new(|source| {
        let kept = captured();
        source.throttle_by(move |_| kept.with(cold("----n"))).both()
    })
    .check()
    .await;
    // What is due at once depends on the polls, by design.
    Conform::new(|source| source.throttle_by(|_| probe(Script::Yielding(1)).0).both())
        .any_sequence()
        .check()
        .await;
}
