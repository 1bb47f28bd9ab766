use thalweg_operators::testing::{Conform, assert_marbles, cold};
use tokio::time::{Duration, Instant};

#[tokio::test(start_paused = true)]
async fn items_have_the_instant_at_which_they_came() {
    let begin = Instant::now();
    let flow = cold("-a--(bc)-|").timestamp().map(move |stamped| {
        let frame = (stamped.at - begin).as_millis();
        format!("{}{frame}", stamped.item)
    });
    assert_marbles(flow, "-{a1}--({b4}{c4})-|").await;
    assert_marbles(cold("-a#").timestamp().map(|stamped| stamped.item), "-a#").await;
}

#[tokio::test(start_paused = true)]
async fn an_item_comes_when_it_is_pulled() {
    let mut flow = cold("-a-b|").timestamp();
    let first = flow.next().await.unwrap().unwrap();
    tokio::time::advance(Duration::from_millis(10)).await;
    let second = flow.next().await.unwrap().unwrap();
    assert_eq!(second.at - first.at, Duration::from_millis(10));
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.timestamp()).check().await;
}
