use thalweg_operators::testing::{Conform, assert_marbles, cold};

#[tokio::test(start_paused = true)]
async fn the_first_items_are_dropped() {
    assert_marbles(cold("-a--b--c--|").skip(2), "-------c--|").await;
    assert_marbles(cold("-a--|").skip(0), "-a--|").await;
    assert_marbles(cold("-a--|").skip(2), "----|").await;
}

#[tokio::test(start_paused = true)]
async fn an_error_passes() {
    assert_marbles(cold("-a--#").skip(2), "----#").await;
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    for count in [0, 1, 50, u64::MAX] {
        Conform::new(|source| source.skip(count)).check().await;
    }
}
