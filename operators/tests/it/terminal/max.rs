use thalweg_operators::{
    IntoFlow,
    terminal::FlowMax,
    testing::{Broken, Script, numbers, probe},
};

use crate::cancel::{ITEMS, at_every_poll};

#[tokio::test(start_paused = true)]
async fn the_greatest_item_is_given_at_the_end() {
    assert_eq!(numbers("-1-4-3|").max().await, Ok(Some(4)));
    assert_eq!(numbers("-4|").max().await, Ok(Some(4)));
    assert_eq!(numbers("--|").max().await, Ok(None));
    assert_eq!(
        (0..5000).flow().map(|n| n * 7 % 5000).max().await,
        Ok(Some(4999))
    );
}

#[tokio::test(start_paused = true)]
async fn of_equals_it_is_the_first() {
    let pairs = [(1, 'a'), (2, 'b'), (2, 'c')].flow();
    assert_eq!(pairs.max_by(|a, b| a.0.cmp(&b.0)).await, Ok(Some((2, 'b'))));
}

#[tokio::test(start_paused = true)]
async fn a_comparison_of_ones_own_decides() {
    assert_eq!(
        numbers("-4-1-3|").max_by(|a, b| b.cmp(a)).await,
        Ok(Some(1))
    );
    assert_eq!(
        [2.5, -0.5].flow().max_by(f64::total_cmp).await,
        Ok(Some(2.5))
    );
}

#[tokio::test]
async fn an_error_is_the_result() {
    let (source, log) = probe(Script::Failing(3));
    assert_eq!(source.max().await, Err(Broken));
    assert!(log.is_dropped());
}

#[tokio::test]
async fn an_option_of_the_same_name_goes_first() {
    let chunks = (0..5).flow().chunks().max(2);
    assert_eq!(chunks.map(|chunk| chunk.len()).max().await, Ok(Some(2)));
}

#[tokio::test]
async fn dropped_at_any_poll_it_keeps_nothing() {
    at_every_poll(ITEMS, |source, tally| {
        source.max_by(move |one, other| {
            let _ = &tally;
            one.cmp(other)
        })
    })
    .await;
}
