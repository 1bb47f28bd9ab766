use thalweg_operators::{
    IntoFlow,
    testing::{Broken, Conform, assert_marbles, cold},
};

fn no_x(letter: char) -> Result<char, Broken> {
    if letter == 'x' { Err(Broken) } else { Ok(letter) }
}

#[tokio::test(start_paused = true)]
async fn the_first_error_among_the_items_is_the_end() {
    assert_marbles(cold("-a-x-b|").map(no_x).raise(), "-a-#").await;
    assert_marbles(cold("-a-b|").map(no_x).raise(), "-a-b|").await;
    assert_marbles(cold("-a-#").map(no_x).raise(), "-a-#").await;
}

#[tokio::test]
async fn a_stream_that_cannot_fail_gets_the_error_of_its_items() {
    let parsed = ["1", "x", "2"].flow().map(str::parse::<u8>).raise();
    assert!(parsed.collect::<Vec<_>>().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    Conform::new(|source| source.map(Ok::<_, Broken>).raise()).check().await;
}
