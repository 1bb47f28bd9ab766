use std::{fmt::Debug, task::Poll};

use thalweg::{Drained, Observable, Subject};
use thalweg_operators::{
    Flow,
    testing::{Broken, Conform, Script, assert_marbles, cold, probe},
};

use crate::poll::poll;

fn switch(
    diagram: &str,
) -> Flow<impl Observable<Item = bool, Error = Broken> + Debug + Send + use<>> {
    cold(diagram).map(|letter| letter == 't')
}

#[tokio::test(start_paused = true)]
async fn while_it_is_on_the_source_waits_and_nothing_is_lost() {
    let flow = cold("    -a-b-c-----d-e|").pause_when(switch("--t---f"));
    assert_marbles(flow, "-a----(bc)-d-e|").await;
}

#[tokio::test(start_paused = true)]
async fn at_one_instant_the_switch_goes_first_and_its_last_item_counts() {
    assert_marbles(cold("-a-b-|").pause_when(switch("---t-f")), "-a---(b|)").await;
    assert_marbles(cold("-a-b-|").pause_when(switch("t--f--")), "----a-b-|").await;
    assert_marbles(cold("-a-b-|").pause_when(switch("-(tf)-")), "-a-b-|").await;
}

#[tokio::test(start_paused = true)]
async fn a_switch_that_completes_is_off() {
    assert_marbles(cold("-a-b-|").pause_when(switch("--t-|")), "-a--b|").await;
    assert_marbles(cold("-a-b-|").pause_when(switch("|")), "-a-b-|").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_of_either_is_the_end() {
    assert_marbles(cold("-a-b-|").pause_when(switch("--#")), "-a#").await;
    assert_marbles(cold("-a-#").pause_when(switch("--t--f")), "-a---#").await;
    assert_marbles(cold("-a-b-|").pause_when(switch("t--#")), "---#").await;
}

#[tokio::test]
async fn while_it_is_on_the_source_is_not_polled() {
    let (source, log) = probe(Script::Endless);
    let pause = Subject::fallible(1);
    let mut flow = source.pause_when(pause.subscribe());
    assert_eq!(flow.next().await, Ok(Some(0)));
    pause.send(true).await;
    for _ in 0..3 {
        assert_eq!(poll(&mut flow, 8, false), (vec![], Poll::Pending));
    }
    assert_eq!(log.polls(), 1);
    pause.send(false).await;
    assert_eq!(flow.next().await, Ok(Some(1)));
}

#[tokio::test]
async fn a_stop_reaches_both_also_in_a_pause() {
    let (source, log) = probe(Script::Endless);
    let (control, control_log) = probe(Script::Idle(1));
    let mut flow = source.pause_when(control.map(|_| true));
    assert_eq!(poll(&mut flow, 8, false), (vec![], Poll::Pending));
    assert_eq!(
        poll(&mut flow, 8, true),
        (vec![], Poll::Ready(Ok(Drained::Completed)))
    );
    assert!(log.saw_stop() && control_log.saw_stop());
    // A switch that stays on.
    let (source, log) = probe(Script::Endless);
    let on = probe(Script::Items(1)).0.map(|_| true);
    let mut flow = source.pause_when(on.concat(Subject::<bool, Broken>::fallible(1).subscribe()));
    let (items, _) = poll(&mut flow, 8, false);
    assert!(items.is_empty());
    let _ = poll(&mut flow, 8, true);
    assert!(log.saw_stop());
}

#[tokio::test]
async fn a_busy_switch_leaves_the_source_its_half() {
    let (source, log) = probe(Script::Endless);
    let never = probe(Script::Endless).0.filter(|_| false).map(|_| true);
    let mut flow = source.pause_when(never);
    assert_eq!(poll(&mut flow, 8, false).0, [0, 1, 2, 3]);
    assert_eq!(log.produced(), 4);
    let busy = probe(Script::Endless).0.map(|n| n >= 4);
    let mut flow = probe(Script::Endless).0.pause_when(busy);
    assert_eq!(poll(&mut flow, 8, false).0, [0, 1, 2, 3]);
    assert_eq!(
        poll(&mut flow, 8, false),
        (vec![], Poll::Ready(Ok(Drained::Exhausted)))
    );
}

#[tokio::test]
async fn the_switch_is_dropped_with_the_source() {
    let (control, log) = probe(Script::Idle(0));
    let mut flow = probe(Script::Items(1)).0.pause_when(control.map(|_| true));
    assert_eq!(flow.next().await, Ok(Some(0)));
    assert_eq!(flow.next().await, Ok(None));
    assert!(log.is_dropped());
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.pause_when(switch("-")))
        .check()
        .await;
    Conform::new(|source| source.pause_when(switch("t---f---|")))
        .check()
        .await;
    Conform::new(|source| {
        let on = source.map(|n| n % 2 == 0);
        probe(Script::Items(9)).0.pause_when(on)
    })
    .handles_errors()
    .any_sequence()
    .check()
    .await;
}
