use thalweg_operators::{
    testing::{Conform, assert_marbles, cold},
    transform::UNLIMITED,
};

#[tokio::test(start_paused = true)]
async fn every_item_comes_when_so_many_more_have_come() {
    let flow = cold("    --a--b--c--d-|").skip_last(2);
    assert_marbles(flow, "--------a--b-|").await;
    assert_marbles(cold("-a-b|").skip_last(0), "-a-b|").await;
    assert_marbles(cold("-a-b|").skip_last(2), "----|").await;
    assert_marbles(cold("-a-b|").skip_last(UNLIMITED), "----|").await;
}

#[tokio::test(start_paused = true)]
async fn what_is_dropped_is_counted() {
    for (diagram, expected, counts) in [
        ("-a-b-c|", "-----a|", "in 3, out 1, dropped 2 (unmatched), in flight 0"),
        ("-a-b-c#", "-----a#", "in 3, out 1, dropped 2 (failed), in flight 0"),
        ("-a-b-c-", "-----a-", "in 3, out 1, dropped 2 (cancelled), in flight 0"),
    ] {
        let flow = cold(diagram).skip_last(2);
        let mut plan = flow.plan();
        assert_eq!(plan.bound(), Some(2));
        assert_marbles(flow, expected).await;
        plan.refresh();
        assert_eq!(plan.stages()[0].counts().unwrap().to_string(), counts);
    }
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    for count in [0, 1, 30, UNLIMITED] {
        Conform::new(|source| source.skip_last(count)).check().await;
    }
}
