use std::{cell::RefCell, rc::Rc, task::Poll, time::Duration};

use thalweg::{Counts, Drained, DropReason, Plan};
use thalweg_operators::{
    Flow, IntoFlow,
    testing::{Broken, Conform, Marbles, Script, assert_marbles, captured, cold, probe},
};
use tokio::time::advance;

use crate::poll::poll;

fn counts(plan: &mut Plan) -> Counts {
    plan.refresh();
    plan.stages()[0].counts().unwrap()
}

/// A notifier whose item comes later the later the letter is in the alphabet.
fn by_letter(letter: char) -> Flow<Marbles> {
    let frames = letter as usize - 'a' as usize;
    cold(&("-".repeat(2 * frames) + "n"))
}

#[tokio::test(start_paused = true)]
async fn every_item_waits_for_a_notifier_of_its_own() {
    let flow = cold("    -c-a---b-----|").delay_by(|letter| by_letter(*letter));
    assert_marbles(flow, "---a-c---b---|").await;
}

#[tokio::test(start_paused = true)]
async fn of_those_that_are_due_at_one_instant_the_oldest_goes_first() {
    let flow = cold("    -c-b-a----|").delay_by(|letter| by_letter(*letter));
    assert_marbles(flow, "-----(cba)|").await;
    assert_marbles(cold("-(cab)---|").delay_by(|_| cold("n")), "-(cab)---|").await;
    let late = |_: &char| cold("--n");
    assert_marbles(cold("-(cab)---|").delay_by(late), "---(cab)-|").await;
}

#[tokio::test(start_paused = true)]
async fn completion_waits_for_all_that_wait() {
    assert_marbles(cold("-ab|").delay_by(|_| cold("----n-")), "-----a(b|)").await;
    assert_marbles(cold("-a----|").delay_by(|_| cold("n")), "-a----|").await;
    assert_marbles(cold("---|").delay_by(|letter| by_letter(*letter)), "---|").await;
}

#[tokio::test(start_paused = true)]
async fn an_item_whose_notifier_completes_is_dropped_and_counted() {
    let flow = cold("-a--b-----|").delay_by(|letter| match letter {
        'a' => cold("---|"),
        _ => cold("--n"),
    });
    let mut plan = flow.plan();
    assert_marbles(flow, "------b---|").await;
    assert_eq!(
        counts(&mut plan).to_string(),
        "in 2, out 1, dropped 1 (unmatched), in flight 0"
    );
    let empty = |_: &char| std::iter::empty::<()>().flow().with_error::<Broken>();
    assert_marbles(cold("-a-b-|").delay_by(empty), "-----|").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_of_any_is_the_end_at_once() {
    let flow = cold("-bc-#").delay_by(|_| cold("------n"));
    let mut plan = flow.plan();
    assert_eq!(plan.bound(), Some(1024));
    assert_marbles(flow, "----#").await;
    assert_eq!(counts(&mut plan).dropped_by(DropReason::Failed), 2);
    let flow = cold("-ab---c---|").delay_by(|letter| match letter {
        'a' => cold("---n"),
        _ => cold("---#"),
    });
    let mut plan = flow.plan();
    assert_marbles(flow, "----a#").await;
    let seen = counts(&mut plan);
    assert_eq!(
        (seen.dropped_by(DropReason::Failed), seen.in_flight()),
        (1, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn when_it_is_full_the_source_waits() {
    let (source, log) = probe(Script::Items(5));
    let flow = source.delay_by(|_| cold("----n")).capacity(2);
    assert_eq!(flow.plan().bound(), Some(2));
    assert_marbles(flow, "----(01)(23)(4|)").await;
    assert_eq!(log.produced(), 5);
}

#[test]
#[should_panic(expected = "a delay of 0 items lets nothing through")]
fn a_capacity_of_none_is_refused_at_the_call() {
    let _ = [1].flow().with_error().delay_by(|_| cold("n")).capacity(0);
}

#[tokio::test]
async fn a_poll_costs_what_woke_and_not_what_waits() {
    let (source, _) = probe(Script::Idle(100));
    let logs = Rc::new(RefCell::new(Vec::new()));
    let made = Rc::clone(&logs);
    let mut flow = source.delay_by(move |_| {
        let (notifier, log) = probe(Script::Idle(0));
        made.borrow_mut().push(log);
        notifier
    });
    for _ in 0..3 {
        assert_eq!(poll(&mut flow, 1000, false), (vec![], Poll::Pending));
    }
    let polls: u64 = logs.borrow().iter().map(|log| log.polls()).sum();
    assert_eq!(polls, 100);
}

#[tokio::test]
async fn on_a_stop_everyone_hears_and_what_waits_goes_in_order() {
    let (source, source_log) = probe(Script::Endless);
    let (notifier, log) = probe(Script::Idle(0));
    let mut notifier = Some(notifier);
    let mut flow = source
        .delay_by(move |_| match notifier.take() {
            Some(notifier) => notifier,
            None => probe(Script::Idle(0)).0,
        })
        .capacity(3);
    assert_eq!(poll(&mut flow, 8, false), (vec![], Poll::Pending));
    let (items, rest) = poll(&mut flow, 0, true);
    assert_eq!(
        (items.len(), rest),
        (0, Poll::Ready(Ok(Drained::Exhausted)))
    );
    assert!(source_log.saw_stop() && log.saw_stop());
    let (items, rest) = poll(&mut flow, 8, true);
    assert_eq!(
        (items, rest),
        (vec![0, 1, 2], Poll::Ready(Ok(Drained::Completed)))
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_due_survives_a_break_and_a_clone_has_it_all() {
    let flow = [1, 2, 3].flow().with_error();
    let mut flow = flow.delay_by(|n| match n {
        3 => cold("-----n"),
        _ => cold("--n"),
    });
    assert!(poll(&mut flow, 8, false).0.is_empty());
    advance(Duration::from_millis(2)).await;
    assert_eq!(flow.next().await, Ok(Some(1)));
    let copy = flow.clone();
    assert_eq!(flow.collect::<Vec<_>>().await, Ok(vec![2, 3]));
    assert_eq!(copy.collect::<Vec<_>>().await, Ok(vec![2, 3]));
}

#[tokio::test]
async fn notifiers_that_are_busy_leave_the_source_its_half() {
    let (source, log) = probe(Script::Items(2));
    let mut flow = source.delay_by(|_| probe(Script::Endless).0.filter(|_| false));
    for _ in 0..2 {
        assert_eq!(
            poll(&mut flow, 8, false),
            (vec![], Poll::Ready(Ok(Drained::Exhausted)))
        );
    }
    assert_eq!(log.produced(), 2);
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| {
        let kept = captured();
        source.delay_by(move |_| kept.with(cold("----n")))
    })
    .check()
    .await;
    Conform::new(|source| {
        let kept = captured();
        source
            .delay_by(move |_| kept.with(cold("----n")))
            .capacity(7)
    })
    .check()
    .await;
    Conform::new(|source| {
        source
            .delay_by(|n| cold(if n % 3 == 0 { "--n" } else { "n" }))
            .capacity(3)
    })
    .any_sequence()
    .check()
    .await;
    Conform::new(|source| {
        source
            .delay_by(|_| probe(Script::Yielding(1)).0)
            .capacity(1)
    })
    .check()
    .await;
}
