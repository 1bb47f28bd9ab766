use std::time::Duration;

use thalweg_operators::{
    IntoFlow,
    combine::merge,
    testing::{Conform, Script, assert_marbles, cold, probe},
};
use tokio::time::timeout;

const FRAME: Duration = Duration::from_millis(1);

#[tokio::test(start_paused = true)]
async fn every_flow_gets_every_item_in_its_frame() {
    for diagram in ["-a-b--(cd)-|", "-a-#", "|", "-"] {
        let mut flows = cold(diagram).broadcast(3).into_iter();
        let mut next = || assert_marbles(flows.next().unwrap(), diagram);
        tokio::join!(next(), next(), next());
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_is_polled_late_still_gets_all() {
    let mut flows = cold("-a-b|").broadcast(2);
    assert_marbles(flows.remove(0), "-a-b|").await;
    assert_marbles(flows.remove(0), "(ab|)").await;
}

#[tokio::test(start_paused = true)]
async fn the_slowest_holds_back_the_source_until_it_is_dropped() {
    let (source, log) = probe(Script::Endless);
    let mut flows = source.broadcast(2);
    let (mut fast, mut slow) = (flows.remove(0), flows.remove(0));
    for n in 0..1024 {
        assert_eq!(fast.next().await, Ok(Some(n)));
    }
    assert!(timeout(FRAME, fast.next()).await.is_err());
    assert_eq!(log.produced(), 1024);
    assert_eq!(slow.next().await, Ok(Some(0)));
    let mut plan = fast.plan();
    drop(slow);
    assert_eq!(fast.next().await, Ok(Some(1024)));
    drop(fast);
    assert!(log.is_dropped());
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!((counts.emitted, counts.in_flight()), (1026, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn between_threads_nothing_is_lost() {
    let (source, log) = probe(Script::Stuttering(20_000));
    let tasks: Vec<_> = source
        .broadcast(3)
        .into_iter()
        .map(|flow| tokio::spawn(flow.collect::<Vec<_>>()))
        .collect();
    for task in tasks {
        let seen = task.await.unwrap().unwrap();
        assert!(seen.into_iter().eq(0..20_000));
    }
    assert_eq!(log.polls_after_end(), 0);
}

#[tokio::test(start_paused = true)]
async fn all_get_the_error_after_their_items() {
    let mut flows = [Ok(1), Err("broken"), Ok(2)].flow().raise().broadcast(2);
    for mut flow in flows.drain(..) {
        assert_eq!(flow.next().await, Ok(Some(1)));
        assert_eq!(flow.next().await, Err("broken"));
        assert_eq!(flow.next().await, Ok(None));
    }
}

#[test]
#[should_panic(expected = "a broadcast to 0 flows reaches nobody")]
fn to_none_is_refused_at_the_call() {
    let _ = cold("-a|").broadcast(0);
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.broadcast(1).remove(0))
        .check()
        .await;
    Conform::new(|source| merge(source.broadcast(3)))
        .interleaves()
        .any_sequence()
        .check()
        .await;
}
