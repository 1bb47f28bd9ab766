use std::task::Poll;

use thalweg_core::{
    Drained, Meter, Overflow, StageId,
    queue::{QueueReceiver, QueueSender, queue},
};
use thalweg_operators::{
    Flow, IntoFlow,
    combine::race,
    testing::{Broken, Conform, Marbles, Script, assert_marbles, cold, probe},
};

use crate::poll::poll;

#[tokio::test(start_paused = true)]
async fn the_first_to_emit_wins() {
    let flow = cold("----1----2--|").race(cold("--a--b----|"));
    assert_marbles(flow, "--a--b----|").await;
    let flow = cold("--a--b----|").race(cold("----1----2--|"));
    assert_marbles(flow, "--a--b----|").await;
    let flow = race([cold("----1-|"), cold("--a--b|"), cold("---x|")]);
    assert_marbles(flow, "--a--b|").await;
    assert_marbles(race([cold("--a-")]), "--a-").await;
    assert_marbles(race(Vec::<Flow<Marbles>>::new()), "|").await;
}

#[tokio::test(start_paused = true)]
async fn so_does_the_first_to_complete_or_fail() {
    assert_marbles(cold("--|").race(cold("---a|")), "--|").await;
    assert_marbles(cold("---a|").race(cold("--|")), "--|").await;
    assert_marbles(cold("--#").race(cold("---a|")), "--#").await;
    assert_marbles(race([cold("---a|"), cold("--|")]), "--|").await;
    assert_marbles(race([cold("---a|"), cold("--#")]), "--#").await;
    assert_marbles(race([cold("-a-#"), cold("--|")]), "-a-#").await;
}

#[tokio::test]
async fn at_one_instant_the_first_in_order_wins_and_the_others_are_dropped() {
    let (other, log) = probe(Script::Endless);
    let mut flow = probe(Script::Items(2)).0.race(other);
    assert_eq!(flow.next().await, Ok(Some(0)));
    assert!(log.is_dropped());
    assert_eq!(log.polls(), 0);
    assert_eq!(flow.collect::<Vec<_>>().await, Ok(vec![1]));
    let (others, logs): (Vec<_>, Vec<_>) = (0..9).map(|_| probe(Script::Endless)).unzip();
    let mut flow = race([probe(Script::Items(2)).0].into_iter().chain(others));
    assert_eq!(flow.next().await, Ok(Some(0)));
    assert!(logs.iter().all(|log| log.is_dropped() && log.polls() == 0));
    assert_eq!(flow.collect::<Vec<_>>().await, Ok(vec![1]));
}

#[tokio::test]
async fn one_that_is_busy_without_an_item_does_not_starve_the_others() {
    let busy = || (0..).flow().filter(|_| false);
    assert_eq!(busy().race((5..).flow()).next().await, Ok(Some(5)));
    let all = race([busy().boxed(), (5..).flow().boxed()]);
    assert_eq!(all.take(1).collect::<Vec<_>>().await, Ok(vec![5]));
}

/// A queue that is fed until its sender is dropped: a stop does not end it.
fn queued() -> (QueueSender<u32, Broken>, Flow<QueueReceiver<u32, Broken>>) {
    let (sender, receiver) = queue(StageId::here("queue"), 2, Overflow::Wait, Meter::new());
    (sender, receiver.flow())
}

#[test]
fn who_completes_because_of_a_stop_has_not_won() {
    let completed = Poll::Ready(Ok(Drained::Completed));
    let (sender, busy) = queued();
    let (other, log) = probe(Script::Idle(0));
    let mut flow = busy.race(other);
    assert_eq!(poll(&mut flow, 8, false), (vec![], Poll::Pending));
    assert_eq!(poll(&mut flow, 8, true), (vec![], Poll::Pending));
    assert!(log.saw_stop());
    sender.try_send(7).unwrap();
    drop(sender);
    assert_eq!(poll(&mut flow, 8, true), (vec![7], completed));

    let (sender, busy) = queued();
    let mut flow = race([probe(Script::Idle(0)).0.boxed(), busy.boxed()]);
    assert_eq!(poll(&mut flow, 8, false), (vec![], Poll::Pending));
    assert_eq!(poll(&mut flow, 8, true), (vec![], Poll::Pending));
    sender.try_send(7).unwrap();
    drop(sender);
    assert_eq!(poll(&mut flow, 8, true), (vec![7], completed));

    let mut flow = race([probe(Script::Idle(0)).0, probe(Script::Idle(0)).0]);
    assert_eq!(poll(&mut flow, 8, true), (vec![], completed));
    let mut flow = probe(Script::Idle(0)).0.race(probe(Script::Idle(0)).0);
    assert_eq!(poll(&mut flow, 8, true), (vec![], completed));
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.race(probe(Script::Idle(0)).0)).check().await;
    Conform::new(|source| probe(Script::Idle(0)).0.race(source)).check().await;
    Conform::new(|source| source.race(probe(Script::Items(30)).0))
        .interleaves()
        .check()
        .await;
    Conform::new(|source| race([source, probe(Script::Idle(0)).0])).check().await;
    Conform::new(|source| race([probe(Script::Idle(0)).0, source])).check().await;
}
