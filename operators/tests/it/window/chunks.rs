use std::time::Duration;

use thalweg_operators::{
    Flow, IntoFlow,
    testing::{Conform, Script, assert_marbles, captured, cold, probe},
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
    assert_eq!(
        (counts.received, counts.dropped(), counts.in_flight()),
        (2, 2, 0)
    );
}

#[test]
#[should_panic(expected = "a chunk of 0 items never comes")]
fn of_none_is_refused_at_the_call() {
    let _ = cold("-a|").chunks().max(0);
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.chunks().max(7)).check().await;
    Conform::new(|source| source.chunks().max(7).within(Duration::from_millis(5)))
        .check()
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_chunk_that_is_due_at_once_does_not_wait_for_the_next_item() {
    let flow = cold("    -(ab)----c-|")
        .chunks()
        .within(Duration::ZERO)
        .map(text);
    assert_marbles(flow, "-{ab}-------{c}-|").await;
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_given_up_loses_nothing_and_a_flow_that_is_dropped_counts_what_it_held() {
    let mut source = cold("-a-b-c------d-e-f-----g|");
    let mut plan = {
        let mut flow = Flow::new(&mut source)
            .chunks()
            .within(Duration::from_millis(6))
            .map(text);
        while timeout(Duration::from_millis(1), flow.next()).await != Ok(Ok(Some("abc".to_owned())))
        {
        }
        sleep(Duration::from_millis(10)).await;
        assert!(
            timeout(Duration::from_millis(1), flow.next())
                .await
                .is_err()
        );
        flow.plan()
    };
    plan.refresh();
    let counts = plan.find("chunks").unwrap().counts().unwrap();
    assert_eq!(
        counts.to_string(),
        "in 6, out 3, dropped 3 (cancelled), in flight 0"
    );
    assert_eq!(source.next().await, Ok(Some('g')));
}

#[tokio::test(start_paused = true)]
async fn a_chunk_goes_before_it_has_too_many_bytes() {
    let bytes = |letter: &char| letter.to_digit(10).unwrap() as usize;
    let flow = cold("    -1-2-3-4-9----5-|")
        .chunks()
        .bytes(5, bytes)
        .map(text);
    assert_marbles(flow, "-----{12}-{3}-({4}{9})-{5}-|").await;
}

#[tokio::test(start_paused = true)]
async fn a_chunk_ends_with_its_last_item() {
    let flow = cold("    -a-b-.-.-c-|")
        .chunks()
        .until(|letter| *letter == '.')
        .map(text);
    assert_marbles(flow, "-----{ab.}-{.}---({c}|)").await;
}

#[tokio::test(start_paused = true)]
async fn a_chunk_begins_with_the_last_items_of_the_one_before() {
    let flow = cold("-a-b-c-d-e-f-|").chunks().max(3).overlap(2);
    let mut plan = flow.plan();
    assert_marbles(flow.map(text), "-----{abc}-{bcd}-{cde}-{def}-|").await;
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!(counts.to_string(), "in 6, out 6, in flight 0");
    let flow = cold("    -a-b----c------|")
        .chunks()
        .overlap(1)
        .within(Duration::from_millis(4))
        .map(text);
    assert_marbles(flow, "-----{ab}------{bc}--|").await;
    let flow = cold("    -a-b-c--|")
        .chunks()
        .max(3)
        .overlap(1)
        .until(|letter| *letter == 'b')
        .map(text);
    assert_marbles(flow, "---{ab}----({bc}|)").await;
}

#[tokio::test]
async fn items_without_a_size_may_overlap() {
    let chunks = [(); 5].flow().chunks().max(3).overlap(1);
    let sizes: Vec<_> = chunks.map(|chunk| chunk.len()).collect().await.unwrap();
    assert_eq!(sizes, [3, 3]);
}

#[tokio::test(start_paused = true)]
async fn two_chunks_that_go_because_of_one_item_survive_a_break_between() {
    let mut flow = probe(Script::Items(2))
        .0
        .chunks()
        .bytes(5, |n| if *n == 0 { 1 } else { 9 });
    assert_eq!(flow.next().await, Ok(Some(vec![0])));
    assert_eq!(flow.next().await, Ok(Some(vec![1])));
    assert_eq!(flow.next().await, Ok(None));
}

#[test]
#[should_panic(expected = "a chunk of 0 bytes never comes")]
fn of_no_bytes_is_refused_at_the_call() {
    let _ = cold("-a|").chunks().bytes(0, |_| 1);
}

#[test]
#[should_panic(expected = "chunks of 2 items that repeat 2 have no room for another")]
fn an_overlap_without_room_is_refused_at_the_call() {
    let _ = cold("-a|").chunks().overlap(2).max(2);
}

#[tokio::test(start_paused = true)]
async fn conforms_with_every_rule() {
    let bytes = |n: &u32| (n % 7) as usize;
    Conform::new(|source| {
        let kept = captured();
        source.chunks().bytes(9, move |n| kept.with(bytes(n)))
    })
    .check()
    .await;
    Conform::new(|source| source.chunks().max(3).bytes(4, bytes))
        .check()
        .await;
    Conform::new(|source| {
        let kept = captured();
        source.chunks().until(move |n| kept.with(n % 5 == 0))
    })
    .check()
    .await;
    Conform::new(|source| source.chunks().max(7).overlap(3))
        .check()
        .await;
    Conform::new(|source| {
        let chunks = source
            .chunks()
            .overlap(3)
            .bytes(9, bytes)
            .until(|n| n % 5 == 0);
        chunks.within(Duration::from_millis(5))
    })
    .check()
    .await;
}
