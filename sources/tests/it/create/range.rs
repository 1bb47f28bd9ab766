use std::time::Duration;

use thalweg::{
    prelude::*,
    sources::{once, range},
};
use thalweg_operators::testing::assert_marbles;

use crate::contract::assert_conforms;

async fn all(flow: Flow<impl Observable<Item = i64, Error = Infallible>>) -> Vec<i64> {
    flow.collect().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn it_counts() {
    assert_marbles(range(1, 4), "(1234|)").await;
    assert_marbles(range(3, 1), "(3|)").await;
    assert_marbles(range(3, 0), "|").await;
}

#[tokio::test(start_paused = true)]
async fn the_next_number_waits_for_the_consumer() {
    let late = |n| once(n).delay(Duration::from_millis(2));
    assert_marbles(range(1, 3).concat_map(late), "--1-2-(3|)").await;
}

#[tokio::test]
async fn it_ends_where_numbers_end() {
    assert_eq!(all(range(i64::MAX, 1)).await, [i64::MAX]);
    assert_eq!(all(range(i64::MAX - 1, 9)).await, [i64::MAX - 1, i64::MAX]);
    assert_eq!(all(range(i64::MAX - 1, u64::MAX)).await, [i64::MAX - 1, i64::MAX]);
    assert_eq!(all(range(i64::MIN, u64::MAX).take(1)).await, [i64::MIN]);
    assert!(all(range(i64::MIN, 0)).await.is_empty());
    assert_eq!(all(range(-2, 4)).await, [-2, -1, 0, 1]);
}

#[tokio::test(start_paused = true)]
async fn it_conforms() {
    assert_conforms(|_| range(-3, 20)).await;
    assert_conforms(|_| range(0, u64::MAX)).await;
}

#[tokio::test]
async fn a_clone_starts_anew() {
    let flow = range(1, 2);
    assert_eq!(all(flow.clone().concat(flow)).await, [1, 2, 1, 2]);
}
