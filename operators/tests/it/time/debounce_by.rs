use std::{cell::Cell, rc::Rc, task::Poll};

use thalweg::{Counts, Drained, DropReason, Plan};
use thalweg_operators::{
    IntoFlow,
    testing::{Broken, Conform, Script, assert_marbles, captured, cold, probe},
};

use crate::poll::poll;

fn counts(plan: &mut Plan) -> Counts {
    plan.refresh();
    plan.stages()[0].counts().unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_item_comes_when_its_own_notifier_has_one() {
    // As long as it is old in the alphabet.
    let wait = |letter: &char| match letter {
        'a' => cold("-n"),
        'b' => cold("---n"),
        _ => cold("-----n"),
    };
    let flow = cold("    -a----b----c-------|").debounce_by(wait);
    assert_marbles(flow, "--a------b------c--|").await;
}

#[tokio::test(start_paused = true)]
async fn the_next_item_takes_the_place_of_the_one_that_waits_and_of_its_notifier() {
    let flow = cold("    -a-b-c------d--|").debounce_by(|_| cold("---n"));
    assert_marbles(flow, "--------c------(d|)").await;
}

#[tokio::test(start_paused = true)]
async fn at_one_instant_the_source_goes_before_the_notifier() {
    let flow = cold("    -a--b-----|").debounce_by(|_| cold("---n"));
    assert_marbles(flow, "-------b--|").await;
    let flow = cold("    -(abc)----|").debounce_by(|_| cold("n"));
    assert_marbles(flow, "-c--------|").await;
}

#[tokio::test(start_paused = true)]
async fn a_notifier_without_an_item_leaves_its_item_waiting() {
    assert_marbles(cold("-a----|").debounce_by(|_| cold("-|")), "------(a|)").await;
    let flow = cold("    -a----b---|").debounce_by(|letter| match letter {
        'a' => cold("-|"),
        _ => cold("-n"),
    });
    assert_marbles(flow, "-------b--|").await;
}

#[tokio::test(start_paused = true)]
async fn completion_hands_on_what_waits_and_an_error_of_either_drops_it() {
    assert_marbles(cold("-a-|").debounce_by(|_| cold("-----n")), "---(a|)").await;
    let flow = cold("-ab-#").debounce_by(|_| cold("-----n"));
    let mut plan = flow.plan();
    assert_marbles(flow, "----#").await;
    let seen = counts(&mut plan);
    assert_eq!(
        (seen.received, seen.dropped_by(DropReason::Superseded)),
        (2, 1)
    );
    assert_eq!(
        (seen.dropped_by(DropReason::Failed), seen.in_flight()),
        (1, 0)
    );

    let flow = cold("-a-------|").debounce_by(|_| cold("--#"));
    let mut plan = flow.plan();
    assert_marbles(flow, "---#").await;
    assert_eq!(counts(&mut plan).dropped_by(DropReason::Failed), 1);
}

#[tokio::test]
async fn every_item_makes_a_notifier_and_only_that_of_the_last_is_polled() {
    let made = Rc::new(Cell::new(0));
    let (last, log) = probe(Script::Idle(0));
    let mut last = Some(last);
    let count = Rc::clone(&made);
    let mut flow = cold("(abc)").debounce_by(move |letter| {
        count.set(count.get() + 1);
        if *letter == 'c' {
            last.take().unwrap().boxed()
        } else {
            probe(Script::Items(1)).0.boxed()
        }
    });
    assert_eq!(poll(&mut flow, 16, false), (vec![], Poll::Pending));
    assert_eq!((made.get(), log.polls()), (3, 1));
}

#[tokio::test]
async fn the_notifier_goes_with_the_flow_and_the_closure_with_the_source() {
    let (notifier, log) = probe(Script::Idle(0));
    let guard = Rc::new(());
    let held = Rc::clone(&guard);
    let mut notifier = Some(notifier);
    let flow = cold("-a-|").debounce_by(move |_| {
        assert_eq!(Rc::strong_count(&held), 2);
        notifier.take().unwrap()
    });
    let mut flow = flow;
    assert_eq!(flow.next().await, Ok(Some('a')));
    assert!(log.is_dropped());
    assert_eq!(Rc::strong_count(&guard), 1);
    assert_eq!(flow.next().await, Ok(None));
}

#[tokio::test]
async fn a_busy_source_does_not_starve_the_notifier_and_the_other_way_round() {
    let (endless, _) = probe(Script::Endless);
    let mut flow = endless.debounce_by(|_| probe(Script::Items(1)).0);
    let (items, rest) = poll(&mut flow, 8, false);
    assert_eq!(items, [3]);
    assert_eq!(rest, Poll::Ready(Ok(Drained::Exhausted)));

    let (source, log) = probe(Script::Items(3));
    let mut flow = source.debounce_by(|_| probe(Script::Endless).0.filter(|_| false));
    let (items, rest) = poll(&mut flow, 8, false);
    assert_eq!(
        (items, rest),
        (vec![2], Poll::Ready(Ok(Drained::Completed)))
    );
    assert_eq!(log.produced(), 3);

    let (source, _) = probe(Script::Idle(1));
    let mut flow = source.debounce_by(|_| probe(Script::Endless).0.filter(|_| false));
    let (items, rest) = poll(&mut flow, 8, false);
    assert_eq!(
        (items.len(), rest),
        (0, Poll::Ready(Ok(Drained::Exhausted)))
    );
}

#[tokio::test]
async fn on_a_stop_a_notifier_that_completes_lets_its_item_go() {
    let (source, log) = probe(Script::Idle(1));
    let mut flow = source.debounce_by(|_| probe(Script::Idle(0)).0);
    assert_eq!(poll(&mut flow, 8, false), (vec![], Poll::Pending));
    let (items, rest) = poll(&mut flow, 0, true);
    assert_eq!(
        (items.len(), rest),
        (0, Poll::Ready(Ok(Drained::Exhausted)))
    );
    assert!(log.is_dropped());
    let (items, rest) = poll(&mut flow, 8, true);
    assert_eq!(
        (items, rest),
        (vec![0], Poll::Ready(Ok(Drained::Completed)))
    );
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| {
        let kept = captured();
        source.debounce_by(move |_| kept.with(cold("----n")))
    })
    .check()
    .await;
    Conform::new(|source| {
        source.debounce_by(|_| std::iter::empty::<()>().flow().with_error::<Broken>())
    })
    .check()
    .await;
    // What is due at once depends on the polls, by design.
    Conform::new(|source| source.debounce_by(|_| probe(Script::Stuttering(1)).0))
        .any_sequence()
        .check()
        .await;
}
