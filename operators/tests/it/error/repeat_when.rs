use std::task::Poll;

use thalweg::{Cx, Drained};
use thalweg_operators::{
    Flow,
    testing::{Conform, Marbles, Script, assert_marbles, captured, cold, hot, probe},
};

use crate::poll::poll;

#[tokio::test(start_paused = true)]
async fn each_item_of_the_companion_begins_a_round() {
    let companion = hot("------x------x------#");
    let flow = cold("    -a-b|").repeat_when(|_| companion);
    assert_marbles(flow, "-a-b---a-b----a-b---#").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_source_is_the_end_and_there_is_no_companion() {
    let flow = cold("-a-#").repeat_when(|_| -> Flow<Marbles> { unreachable!("it has failed") });
    assert_marbles(flow, "-a-#").await;
    // A hot source, whose next round fails.
    let source = hot("-a--b-#").take_while(|letter| *letter != 'b');
    let flow = source.repeat_when(|_| cold("-x-"));
    assert_marbles(flow, "-a----#").await;
}

#[tokio::test(start_paused = true)]
async fn the_completion_of_the_companion_completes_after_the_round_that_runs() {
    assert_marbles(cold("-a|").repeat_when(|_| cold("|")), "-a|").await;
    assert_marbles(cold("-a|").repeat_when(|_| cold("--|")), "-a--|").await;
    assert_marbles(cold("-a|").repeat_when(|_| cold("-")), "-a-").await;
    let flow = cold("    --a--b|").repeat_when(|_| cold("-x---|"));
    assert_marbles(flow, "--a--b---a--b|").await;
    let flow = cold("    (ab|)").repeat_when(|completions| completions.take(2));
    assert_marbles(flow, "(ababab|)").await;
    let flow = cold("    -a|").repeat_when(|completions| completions.take(2));
    assert_marbles(flow, "-a-a-a|").await;
}

#[tokio::test(start_paused = true)]
async fn the_error_of_the_companion_ends_a_round_that_runs() {
    let flow = cold("    --a--b|").repeat_when(|_| cold("-x---#"));
    assert_marbles(flow, "--a--b---a-#").await;
}

#[tokio::test(start_paused = true)]
async fn a_notifier_for_every_completion_is_a_companion_too() {
    let mut waits = ["-x", "--xx", "---x-x"].into_iter();
    let flow = cold("    -a|").repeat_when(|completions| {
        completions
            .take(3)
            .concat_map(|()| cold(waits.next().unwrap_or_default()).take(1))
    });
    assert_marbles(flow, "-a--a---a----a|").await;
}

#[tokio::test(start_paused = true)]
async fn an_item_that_comes_while_a_round_runs_begins_the_next() {
    let flow = cold("    -a--|").repeat_when(|_| cold("x-x----|"));
    assert_marbles(flow, "-a---a---a--|").await;
}

#[tokio::test]
async fn a_flow_without_items_does_not_hold_the_thread() {
    let (source, log) = probe(Script::Items(0));
    let mut flow = source.repeat_when(|completions| completions);
    let (_, rest) = poll(&mut flow, 100, false);
    assert_eq!(rest, Poll::Ready(Ok(Drained::Exhausted)));
    assert_eq!(log.polls(), 101);
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_a_wait_and_lets_a_round_drain() {
    let (source, log) = probe(Script::Items(1));
    let (companion, companion_log) = probe(Script::Idle(0));
    let mut flow = source.repeat_when(|_| companion);
    assert_eq!(poll(&mut flow, 8, false), (vec![0], Poll::Pending));
    let rest = Poll::Ready(Ok(Drained::Completed));
    assert_eq!(poll(&mut flow, 8, true), (vec![], rest));
    assert!(log.is_dropped() && companion_log.is_dropped());

    let (companion, companion_log) = probe(Script::Items(2));
    let mut flow = cold("a--|").repeat_when(|_| companion);
    for _ in 0..2 {
        assert_eq!(flow.next().await, Ok(Some('a')));
    }
    let rest = Poll::Ready(Ok(Drained::Completed));
    assert_eq!(poll(&mut flow, Cx::DEFAULT_BUDGET, true), (vec![], rest));
    assert!(companion_log.is_dropped());
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| {
        let kept = captured();
        source.repeat_when(move |completions| kept.with(completions.take(2)))
    })
    .check()
    .await;
    // Boxed: what a companion takes is not the operator's.
    Conform::new(|source| {
        source.repeat_when(|completions| {
            completions
                .take(2)
                .concat_map(|()| cold("--x").take(1))
                .boxed()
        })
    })
    .check()
    .await;
}
