use thalweg_operators::{
    IntoFlow,
    testing::{Broken, Script, numbers, probe},
};

use crate::cancel::{ITEMS, at_every_poll};

#[tokio::test(start_paused = true)]
async fn the_smallest_item_is_given_at_the_end() {
    assert_eq!(numbers("-4-1-3|").min().await, Ok(Some(1)));
    assert_eq!(numbers("-4|").min().await, Ok(Some(4)));
    assert_eq!(numbers("--|").min().await, Ok(None));
    assert_eq!(
        (0..5000).flow().map(|n| n * 7 % 5000).min().await,
        Ok(Some(0))
    );
}

#[tokio::test(start_paused = true)]
async fn of_equals_it_is_the_first() {
    let pairs = [(2, 'a'), (1, 'b'), (1, 'c')].flow();
    assert_eq!(pairs.min_by(|a, b| a.0.cmp(&b.0)).await, Ok(Some((1, 'b'))));
}

#[tokio::test(start_paused = true)]
async fn a_comparison_of_ones_own_decides() {
    assert_eq!(
        numbers("-4-1-3|").min_by(|a, b| b.cmp(a)).await,
        Ok(Some(4))
    );
    assert_eq!(
        [2.5, -0.5].flow().min_by(f64::total_cmp).await,
        Ok(Some(-0.5))
    );
}

#[tokio::test]
async fn an_error_is_the_result() {
    let (source, log) = probe(Script::Failing(3));
    assert_eq!(source.min().await, Err(Broken));
    assert!(log.is_dropped());
}

#[tokio::test]
async fn dropped_at_any_poll_it_keeps_nothing() {
    at_every_poll(ITEMS, |source, tally| {
        source.min_by(move |one, other| {
            let _ = &tally;
            one.cmp(other)
        })
    })
    .await;
}
