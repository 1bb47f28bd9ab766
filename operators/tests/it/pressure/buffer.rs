use thalweg_core::{Counts, DropReason, Overflow};
use thalweg_operators::{
    Flow, IntoFlow,
    testing::{Conform, Script, assert_marbles, cold, probe},
};
use tokio::task::yield_now;

async fn settle() {
    for _ in 0..10 {
        yield_now().await;
    }
}

/// Takes one item of ten, lets the source run on, takes the rest; the items, the end and the counts.
async fn one_then_the_rest(overflow: Overflow) -> (Vec<u32>, Result<(), String>, Counts) {
    let mut flow = (0..=9).flow().buffer(4, overflow);
    let mut plan = flow.plan();
    let mut seen = vec![flow.next().await.unwrap().unwrap()];
    settle().await;
    let end = loop {
        match flow.next().await {
            Ok(Some(item)) => seen.push(item),
            Ok(None) => break Ok(()),
            Err(fault) => break Err(fault.to_string()),
        }
    };
    plan.refresh();
    (seen, end, plan.stages()[0].counts().unwrap())
}

#[tokio::test(start_paused = true)]
async fn to_wait_loses_nothing() {
    let (seen, end, counts) = one_then_the_rest(Overflow::Wait).await;
    assert_eq!((seen, end), ((0..=9).collect(), Ok(())));
    assert_eq!(
        (counts.received, counts.emitted, counts.in_flight()),
        (10, 10, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn to_drop_what_comes_keeps_what_is_there() {
    let (seen, end, counts) = one_then_the_rest(Overflow::DropIncoming).await;
    assert_eq!((seen, end), (vec![0, 1, 2, 3], Ok(())));
    assert_eq!((counts.received, counts.emitted), (10, 4));
    assert_eq!(counts.dropped_by(DropReason::Overflow), 6);
}

#[tokio::test(start_paused = true)]
async fn to_drop_the_oldest_keeps_the_newest() {
    let (seen, end, counts) = one_then_the_rest(Overflow::DropOldest).await;
    assert_eq!((seen, end), (vec![6, 7, 8, 9], Ok(())));
    assert_eq!((counts.received, counts.emitted), (10, 4));
    assert_eq!(counts.dropped_by(DropReason::Overflow), 6);
}

#[tokio::test(start_paused = true)]
async fn to_fail_hands_on_what_is_there_then_names_stage_and_place() {
    let (seen, end, counts) = one_then_the_rest(Overflow::Fail).await;
    assert_eq!(seen, [0, 1, 2, 3]);
    let text = end.unwrap_err();
    assert!(
        text.contains("buffer at") && text.contains("buffer.rs"),
        "{text}"
    );
    assert!(
        text.ends_with("overflowed: its queue of 4 items was full"),
        "{text}"
    );
    assert_eq!(counts.in_flight(), 0);
    assert_eq!(counts.emitted + counts.dropped(), counts.received);
}

#[tokio::test(start_paused = true)]
async fn a_consumer_that_keeps_up_loses_nothing() {
    for overflow in [Overflow::DropIncoming, Overflow::DropOldest, Overflow::Fail] {
        assert_marbles(cold("-a--(bc)--d|").buffer(2, overflow), "-a--(bc)--d|").await;
        assert_marbles(cold("-a--#").buffer(1, overflow), "-a--#").await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_item_in_the_hands_of_the_consumer_takes_no_room() {
    for overflow in [Overflow::DropIncoming, Overflow::DropOldest, Overflow::Fail] {
        let mut flow = cold("-a-b|").buffer(1, overflow);
        assert_eq!(flow.next().await, Ok(Some('a')));
        tokio::time::sleep(std::time::Duration::from_millis(9)).await;
        assert_eq!(flow.next().await, Ok(Some('b')), "{overflow:?}");
        assert_eq!(flow.next().await, Ok(None));
    }
}

#[tokio::test]
async fn a_source_that_always_has_items_does_not_run_away() {
    let (source, log) = probe(Script::Endless);
    let mut flow = source.buffer(8, Overflow::Wait);
    assert_eq!(flow.next().await, Ok(Some(0)));
    settle().await;
    assert!((8..=9).contains(&log.produced()), "{}", log.produced());
}

#[tokio::test]
async fn what_the_queue_holds_is_counted_when_the_flow_is_dropped() {
    let mut flow = (0..5).flow().buffer(8, Overflow::DropOldest);
    let mut plan = flow.plan();
    assert_eq!(flow.next().await, Ok(Some(0)));
    drop(flow);
    plan.refresh();
    let counts = plan.stages()[0].counts().unwrap();
    assert_eq!(
        counts.to_string(),
        "in 5, out 1, dropped 4 (cancelled), in flight 0"
    );
}

#[tokio::test]
async fn a_source_that_panics_when_it_is_dropped_is_not_a_completion() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("boom");
        }
    }
    let bomb = Bomb;
    let source = (0..9).flow().inspect(move |_| {
        let _ = &bomb;
    });
    let fault = source.buffer(4, Overflow::Fail).count().await.unwrap_err();
    assert!(fault.is_overflow() || fault.is_panic());
    let bomb = Bomb;
    let source = (0..2).flow().inspect(move |_| {
        let _ = &bomb;
    });
    let fault = source.buffer(4, Overflow::Fail).count().await.unwrap_err();
    assert!(fault.is_panic(), "{fault}");
}

#[test]
#[should_panic(expected = "buffer of 0 items lets nothing through")]
fn of_none_is_refused_at_the_call() {
    let _ = cold("-a|").buffer(0, Overflow::Wait);
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    for overflow in [
        Overflow::Wait,
        Overflow::DropIncoming,
        Overflow::DropOldest,
        Overflow::Fail,
    ] {
        let build = |source: Flow<_>| source.buffer(1000, overflow);
        Conform::new(build).has_tasks().any_sequence().check().await;
    }
}
