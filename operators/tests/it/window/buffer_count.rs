use thalweg_operators::testing::{Broken, Conform, assert_marbles, cold, record};

use crate::windows::text;

#[tokio::test(start_paused = true)]
async fn a_vector_comes_with_its_last_item_and_the_rest_at_the_end() {
    let flow = cold("    --1--2--3--4--5--|").buffer_count(2).map(text);
    assert_marbles(flow, "-----{12}-----{34}-----({5}|)").await;
    assert_marbles(cold("-a-b-|").buffer_count(2).map(text), "---{ab}-|").await;
    assert_marbles(cold("--|").buffer_count(2).map(text), "--|").await;
}

#[tokio::test(start_paused = true)]
async fn vectors_may_overlap() {
    let flow = cold("    -a-b-c-d-e-|").buffer_count(3).every(2).map(text);
    assert_marbles(flow, "-----{abc}---{cde}-({e}|)").await;
    let flow = cold("    -a-b-c--|").buffer_count(2).every(1).map(text);
    assert_marbles(flow, "---{ab}-{bc}--({c}|)").await;
}

#[tokio::test(start_paused = true)]
async fn items_between_two_vectors_are_dropped_and_counted() {
    let flow = cold("-a-b-c-d-e-f-g|").buffer_count(2).every(3);
    let mut plan = flow.plan();
    assert_marbles(flow.map(text), "---{ab}-----{de}----({g}|)").await;
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!(counts.to_string(), "in 7, out 5, dropped 2 (unmatched), in flight 0");
}

#[tokio::test(start_paused = true)]
async fn an_error_drops_what_has_begun_and_counts_it() {
    let flow = cold("-a-b-c-#").buffer_count(2);
    let mut plan = flow.plan();
    assert_marbles(flow.map(text), "---{ab}---#").await;
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!(counts.to_string(), "in 3, out 2, dropped 1 (failed), in flight 0");
}

#[tokio::test(start_paused = true)]
async fn the_plan_tells_how_many_items_are_held() {
    assert_eq!(cold("|").buffer_count(10).plan().bound(), Some(10));
    assert_eq!(cold("|").buffer_count(10).every(3).plan().bound(), Some(40));
}

#[tokio::test(start_paused = true)]
async fn a_clone_starts_anew() {
    let flow = cold("-a-b-c|").buffer_count(2);
    let again = record(flow.clone()).await;
    assert_eq!(record(flow).await, again);
}

#[test]
#[should_panic(expected = "a vector of 0 items never comes")]
fn of_none_is_refused_at_the_call() {
    let _ = cold("-a|").buffer_count(0);
}

#[test]
#[should_panic(expected = "a vector every 0 items has no items")]
fn every_none_is_refused_at_the_call() {
    let _ = cold("-a|").buffer_count(1).every(0);
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.buffer_count(7)).check().await;
    Conform::new(|source| source.buffer_count(7).every(3)).check().await;
    Conform::new(|source| source.buffer_count(3).every(7)).check().await;
}

#[tokio::test(start_paused = true)]
async fn items_need_not_be_clone() {
    #[derive(Debug, PartialEq)]
    struct Only(char);
    let flow = cold("-a-b|").map(Only).buffer_count(2);
    let vectors: Result<Vec<_>, Broken> = flow.collect().await;
    assert_eq!(vectors, Ok(vec![vec![Only('a'), Only('b')]]));
}
