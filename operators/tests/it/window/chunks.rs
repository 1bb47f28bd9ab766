use std::time::Duration;

use thalweg_operators::{
    Flow,
    testing::{Conform, assert_marbles, cold},
};
use tokio::time::{sleep, timeout};

fn text(chunk: Vec<char>) -> String {
    chunk.into_iter().collect()
}

#[tokio::test(start_paused = true)]
async fn a_chunk_is_full_by_number() {
    let flow = cold("    -a-b-c-(de)-|").chunks().max(2).map(text);
    assert_marbles(flow, "---{ab}---{cd}----({e}|)").await;
}

#[tokio::test(start_paused = true)]
async fn a_chunk_is_full_by_time_since_its_first_item() {
    let flow = cold("-a-b----c---d-|")
        .chunks()
        .max(10)
        .within(Duration::from_millis(4))
        .map(text);
    // The border at 12 goes before the item of 12.
    assert_marbles(flow, "-----{ab}------{c}-({d}|)").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_drops_the_chunk_in_the_making_and_counts_it() {
    let flow = cold("-a-b-#").chunks().max(10);
    let mut plan = flow.plan();
    assert_marbles(flow.map(text), "-----#").await;
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!((counts.received, counts.dropped(), counts.in_flight()), (2, 2, 0));
}

#[test]
#[should_panic(expected = "a chunk of 0 items never comes")]
fn of_none_is_refused_at_the_call() {
    let _ = cold("-a|").chunks().max(0);
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.chunks().max(7)).check().await;
    Conform::new(|source| source.chunks().max(7).within(Duration::from_millis(5))).check().await;
}

#[tokio::test(start_paused = true)]
async fn a_chunk_that_is_due_at_once_does_not_wait_for_the_next_item() {
    let flow = cold("    -(ab)----c-|").chunks().within(Duration::ZERO).map(text);
    assert_marbles(flow, "-{ab}-------{c}-|").await;
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_given_up_loses_nothing_and_a_flow_that_is_dropped_counts_what_it_held() {
    let mut source = cold("-a-b-c------d-e-f-----g|");
    let mut plan = {
        let mut flow = Flow::new(&mut source).chunks().within(Duration::from_millis(6)).map(text);
        while timeout(Duration::from_millis(1), flow.next()).await != Ok(Ok(Some("abc".to_owned()))) {}
        sleep(Duration::from_millis(10)).await;
        assert!(timeout(Duration::from_millis(1), flow.next()).await.is_err());
        flow.plan()
    };
    plan.refresh();
    let counts = plan.find("chunks").unwrap().counts().unwrap();
    assert_eq!(counts.to_string(), "in 6, out 3, dropped 3 (cancelled), in flight 0");
    assert_eq!(source.next().await, Ok(Some('g')));
}
