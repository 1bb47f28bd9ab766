use std::{future::ready, time::Duration};

use thalweg::sources::{from_future, from_try_future};
use thalweg_operators::testing::{Broken, assert_marbles};
use tokio::time::sleep;

use crate::contract::assert_conforms;

async fn after(millis: u64) -> char {
    sleep(Duration::from_millis(millis)).await;
    'a'
}

#[tokio::test(start_paused = true)]
async fn it_emits_the_output_and_completes() {
    assert_marbles(from_future(after(3)), "---(a|)").await;
    assert_marbles(from_future(after(0)), "(a|)").await;
}

#[tokio::test(start_paused = true)]
async fn it_fails_with_the_error_of_the_future() {
    assert_marbles(from_try_future(ready(Err::<char, _>(Broken))), "#").await;
    assert_marbles(from_try_future(async { Ok::<_, Broken>(after(3).await) }), "---(a|)").await;
    let late = async {
        after(2).await;
        Err::<char, _>(Broken)
    };
    assert_marbles(from_try_future(late), "--#").await;
}

#[tokio::test(start_paused = true)]
async fn it_conforms() {
    assert_conforms(|token| {
        from_future(async move {
            let answer = after(3).await;
            drop(token);
            answer
        })
    })
    .await;
    assert_conforms(|token| {
        from_try_future(async move {
            after(3).await;
            drop(token);
            Err::<u32, _>(Broken)
        })
    })
    .await;
    assert_conforms(|token| {
        from_future(async move {
            std::future::pending::<()>().await;
            drop(token);
        })
    })
    .await;
}

#[tokio::test]
async fn the_item_of_a_future_that_gives_a_result_is_the_result() {
    let flow = from_future(ready(Err::<u32, _>("broken")));
    assert_eq!(flow.collect::<Vec<_>>().await, Ok(vec![Err("broken")]));
}

#[tokio::test]
async fn a_clone_has_a_future_of_its_own() {
    let flow = from_future(ready(7));
    let both = flow.clone().concat(flow);
    assert_eq!(both.collect::<Vec<_>>().await, Ok(vec![7, 7]));
}
