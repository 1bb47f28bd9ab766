use thalweg_core::DropReason;
use thalweg_operators::{
    IntoFlow,
    testing::{Conform, assert_marbles, numbers},
};

#[tokio::test(start_paused = true)]
async fn every_item_comes_with_the_one_before() {
    let flow = numbers("-1--2-5|").pairwise().map(|(before, after)| after - before);
    assert_marbles(flow, "----1-3|").await;
}

#[tokio::test(start_paused = true)]
async fn one_alone_makes_no_pair_and_is_counted() {
    for (diagram, end, reason) in [
        ("-1-|", "---|", DropReason::Unmatched),
        ("-1-#", "---#", DropReason::Failed),
    ] {
        let flow = numbers(diagram).pairwise();
        let mut plan = flow.plan();
        assert_marbles(flow.map(|(_, after)| after), end).await;
        plan.refresh();
        let counts = plan.stages()[0].counts().unwrap();
        assert_eq!((counts.received, counts.dropped_by(reason)), (1, 1));
    }
}

#[tokio::test]
async fn the_books_balance_at_every_item() {
    let mut flow = (0..4).flow().pairwise();
    let mut plan = flow.plan();
    for n in 0..3 {
        assert_eq!(flow.next().await, Ok(Some((n, n + 1))));
        plan.refresh();
        let counts = plan.stages()[0].counts().unwrap();
        assert_eq!((counts.emitted, counts.in_flight()), (counts.received, 0));
    }
    assert_eq!(flow.clone().next().await, Ok(None));
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.pairwise()).check().await;
}
