//! Beside `futures` and `tokio-stream`, with both extension traits in scope.

use std::num::ParseIntError;

use futures_util::{StreamExt as _, TryStreamExt as _, stream::FusedStream};
use thalweg::prelude::*;
use tokio_stream::StreamExt as _;

#[tokio::test]
async fn the_methods_of_a_flow_do_not_collide_with_those_of_streams() {
    let flow = (1..=6).flow().map(|n| n * 2).filter(|n| n % 3 == 0);
    let merged = flow.merge([1].flow()).take(3).scan(0, |sum, n| {
        *sum += n;
        *sum
    });
    assert_eq!(merged.collect::<Vec<_>>().await, Ok(vec![6, 18, 19]));
}

#[tokio::test]
async fn a_flow_is_a_stream_of_results_that_is_fused() {
    let mut flow = ["1", "x", "2"].flow().map(str::parse::<u32>).raise();
    assert_eq!(futures_util::StreamExt::next(&mut flow).await, Some(Ok(1)));
    assert!(!flow.is_terminated());
    assert!(
        futures_util::StreamExt::next(&mut flow)
            .await
            .is_some_and(|last| last.is_err())
    );
    assert!(flow.is_terminated());
    assert_eq!(futures_util::StreamExt::next(&mut flow).await, None);

    let sum: Result<u32, ParseIntError> = ["1", "2"]
        .flow()
        .map(str::parse::<u32>)
        .raise()
        .try_fold(0, |sum, n| async move { Ok(sum + n) })
        .await;
    assert_eq!(sum, Ok(3));
}

#[tokio::test]
async fn streams_become_flows_and_flows_become_streams() {
    let stream = futures_util::stream::iter(1..=3);
    let plain = stream.flow().map(|n| n * 10).into_stream();
    // A method of each: `enumerate` is of futures, `map_while` of tokio-stream.
    let back = plain.enumerate().map_while(Some).flow();
    assert_eq!(
        back.collect::<Vec<_>>().await,
        Ok(vec![(0, 10), (1, 20), (2, 30)])
    );

    let failing = tokio_stream::iter([Ok(1), Err("no"), Ok(2)]);
    assert_eq!(failing.try_flow().count().await, Err("no"));
}

#[tokio::test]
async fn flows_that_cannot_fail_and_flows_that_can_move_to_other_tasks() {
    let infallible = tokio::spawn(async {
        let mut seen = 0;
        (0..10).flow().map(|n| n + 1).for_each(|n| seen += n).await;
        seen
    });
    let fallible = tokio::spawn(
        ["1", "2"]
            .flow()
            .map(str::parse::<u8>)
            .raise()
            .collect::<Vec<_>>(),
    );
    assert_eq!(infallible.await.unwrap(), 55);
    assert_eq!(fallible.await.unwrap(), Ok(vec![1, 2]));
}
