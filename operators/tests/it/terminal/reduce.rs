use std::{
    pin::pin,
    task::{Context, Waker},
};

use thalweg_operators::{
    IntoFlow,
    testing::{Broken, Script, cold, probe},
};

use crate::cancel::{ITEMS, at_every_poll};

#[tokio::test(start_paused = true)]
async fn all_items_go_into_one_beginning_with_the_first() {
    let word = cold("-a-b--(cd)|")
        .map(String::from)
        .reduce(|word, letter| word + &letter);
    assert_eq!(word.await, Ok(Some("abcd".to_owned())));
    assert_eq!(
        (1..=5000_u64).flow().reduce(|sum, n| sum + n).await,
        Ok(Some(12_502_500))
    );
}

#[tokio::test(start_paused = true)]
async fn one_item_is_not_reduced_and_none_is_none() {
    let first = |_, _| unreachable!("there is no second item");
    assert_eq!(cold("-a-|").reduce(first).await, Ok(Some('a')));
    assert_eq!(cold("---|").reduce(first).await, Ok(None));
}

#[tokio::test]
async fn an_error_drops_what_was_gathered() {
    let (source, log) = probe(Script::Failing(3));
    assert_eq!(source.reduce(|_, n| n).await, Err(Broken));
    assert!(log.is_dropped());
}

#[tokio::test]
#[should_panic(expected = "was polled after it was ready")]
async fn it_is_not_polled_after_it_was_ready() {
    let mut sum = pin!((0..3).flow().reduce(|sum, n| sum + n));
    assert_eq!(sum.as_mut().await, Ok(Some(3)));
    let _ = sum.poll(&mut Context::from_waker(Waker::noop()));
}

#[tokio::test]
async fn dropped_at_any_poll_it_keeps_nothing() {
    at_every_poll(ITEMS, |source, tally| {
        source.reduce(move |sum, n| {
            let _ = &tally;
            sum + n
        })
    })
    .await;
}
