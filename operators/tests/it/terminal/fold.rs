use thalweg_operators::{
    IntoFlow,
    testing::{Broken, Script, probe},
};

use crate::cancel::{ITEMS, at_every_poll};

#[tokio::test]
async fn all_items_go_into_one_value() {
    let text = ["a", "b", "c"]
        .flow()
        .fold(String::new(), |text, item| text + item)
        .await;
    assert_eq!(text, Ok("abc".to_owned()));
    assert_eq!(
        (0..5000_u64).flow().fold(0, |sum, n| sum + n).await,
        Ok(12_497_500)
    );
    assert_eq!(
        probe(Script::Failing(3)).0.fold(0, |_, n| n).await,
        Err(Broken)
    );
}

#[tokio::test]
async fn dropped_at_any_poll_it_keeps_nothing() {
    at_every_poll(ITEMS, |source, tally| {
        source.fold((), move |(), _| {
            let _ = &tally;
        })
    })
    .await;
}
