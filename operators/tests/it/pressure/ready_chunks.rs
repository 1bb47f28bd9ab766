use std::task::Poll;

use thalweg::{Drained, Subject};
use thalweg_operators::{
    IntoFlow,
    testing::{Conform, Script, assert_marbles, cold, probe},
};

use crate::poll::poll;

fn text(letters: Vec<char>) -> String {
    letters.into_iter().collect()
}

#[tokio::test(start_paused = true)]
async fn what_is_ready_at_once_becomes_a_vector_and_nothing_waits() {
    let flow = cold("    -a-(bcd)---(ef|)").ready_chunks(2).map(text);
    assert_marbles(flow, "-a-({bc}d)----({ef}|)").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_passes_at_once_and_what_came_with_it_is_counted() {
    let flow = cold("-a-(bcd#)").ready_chunks(2);
    let mut plan = flow.plan();
    assert_eq!(plan.bound(), Some(0));
    assert_marbles(flow.map(text), "-a-({bc}#)").await;
    plan.refresh();
    assert_eq!(
        plan.stages()[0].counts().unwrap().to_string(),
        "in 4, out 3, dropped 1 (failed), in flight 0"
    );
}

#[tokio::test]
async fn a_consumer_that_comes_late_gets_a_batch() {
    let subject = Subject::new(8);
    let mut flow = subject.subscribe().flow().ready_chunks(9);
    for n in [1, 2, 3] {
        subject.send(n).await;
    }
    assert_eq!(flow.next().await, Ok(Some(vec![1, 2, 3])));
    subject.send(4).await;
    subject.complete();
    assert_eq!(flow.next().await, Ok(Some(vec![4])));
    assert_eq!(flow.next().await, Ok(None));
}

#[tokio::test]
async fn a_spent_budget_ends_a_vector_and_a_break_loses_nothing() {
    let mut flow = probe(Script::Items(7)).0.ready_chunks(3);
    assert_eq!(
        poll(&mut flow, 4, false),
        (
            vec![vec![0, 1, 2], vec![3]],
            Poll::Ready(Ok(Drained::Exhausted))
        )
    );
    assert_eq!(poll(&mut flow, 0, false).0.len(), 0);
    assert_eq!(flow.next().await, Ok(Some(vec![4, 5, 6])));
    assert_eq!(flow.next().await, Ok(None));
}

#[test]
#[should_panic(expected = "a chunk of 0 items never comes")]
fn a_maximum_of_none_is_refused_at_the_call() {
    let _ = cold("-a|").ready_chunks(0);
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.ready_chunks(3))
        .any_sequence()
        .check()
        .await;
    Conform::new(|source| source.ready_chunks(1)).check().await;
}
