use std::task::Poll;

use thalweg_core::Drained;
use thalweg_operators::{
    testing::{Broken, Conform, Event, Script, assert_marbles, numbers, probe, record},
    transform::Notification,
};

use crate::poll::poll;

#[tokio::test(start_paused = true)]
async fn items_and_the_end_are_data() {
    assert_eq!(
        record(numbers("-1--2-|").materialize()).await,
        [
            (1, Event::Item(Notification::Next(1))),
            (4, Event::Item(Notification::Next(2))),
            (6, Event::Item(Notification::Completed)),
            (6, Event::Completed),
        ]
    );
    assert_eq!(
        record(numbers("-1-#").materialize()).await,
        [
            (1, Event::Item(Notification::Next(1))),
            (3, Event::Item(Notification::Failed(Broken))),
            (3, Event::Completed),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn an_error_survives_a_poll_without_a_budget() {
    let mut flow = probe(Script::Failing(1)).0.materialize();
    assert_eq!(poll(&mut flow, 1, false).0, [Notification::Next(0)]);
    for _ in 0..2 {
        assert_eq!(poll(&mut flow, 0, false), (vec![], Poll::Ready(Ok(Drained::Exhausted))));
    }
    assert_eq!(flow.next().await, Ok(Some(Notification::Failed(Broken))));
    assert_eq!(flow.next().await, Ok(None));
}

#[tokio::test(start_paused = true)]
async fn it_is_undone_by_dematerialize() {
    for diagram in ["-1--2-|", "-1--2-#", "|", "#", "--"] {
        assert_marbles(numbers(diagram).materialize().with_error().dematerialize(), diagram).await;
    }
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.materialize()).handles_errors().check().await;
}
