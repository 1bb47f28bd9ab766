//! A client that echoes: what the test suite of `tests/peers/autobahn` plays with.

use std::env;

use thalweg::sources::ws::{Client, Message};

/// Plays all cases of the suite, which judges.
#[tokio::test]
#[ignore = "is the client of a script"]
async fn echoes() {
    let (suite, agent) = (env::var("SUITE").unwrap(), env::var("AGENT").unwrap());
    let client = |path: String| Client::new(format!("{suite}{path}")).max_message_size(16 << 20);
    let (_, mut told) = client("/getCaseCount".to_owned()).connect().await.unwrap();
    let Some(Message::Text(count)) = told.next().await.unwrap() else {
        panic!("the suite does not tell how many cases it has");
    };
    for case in 1..=count.parse().unwrap_or(0) {
        let path = format!("/runCase?case={case}&agent={agent}");
        let (sender, received) = client(path).connect().await.unwrap();
        // Many cases end with an error: the suite knows whether they should.
        let _ = received.run_into(sender).await;
    }
    let path = format!("/updateReports?agent={agent}");
    let (_, mut told) = client(path).connect().await.unwrap();
    while let Ok(Some(_)) = told.next().await {}
}
