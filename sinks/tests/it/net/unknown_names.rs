//! A name that nobody can have: a label has at most 63 letters, so the system's resolver refuses it without asking anyone.

use thalweg::{
    operators::error::Backoff,
    prelude::*,
    sinks::{encoding::Json, http, tcp_lines, udp, ws},
};

const HOST: &str = "a-name-with-a-label-of-64-letters-which-no-server-is-asked-for-x";

#[tokio::test]
async fn a_name_that_cannot_be_resolved_is_told_by_every_client_and_the_batch_stays() {
    let address = format!("{HOST}:80");
    let never_again = Backoff::fixed(std::time::Duration::ZERO).max_retries(0);
    let mut batch = vec!["1"];
    let told = [
        tcp_lines(&address).write(&mut batch).await.unwrap_err().to_string(),
        udp(&address, Json).write(&mut batch).await.unwrap_err().to_string(),
        ws::send(format!("ws://{HOST}/")).write(&mut batch).await.unwrap_err().to_string(),
        http::post(format!("http://{HOST}/"))
            .retries(never_again)
            .write(&mut batch)
            .await
            .unwrap_err()
            .to_string(),
    ];
    for error in told {
        assert!(error.contains("cannot "), "{error}");
        assert!(error.contains(HOST), "{error}");
        // What the system says of it, and not only that it failed.
        assert!(error.contains("lookup"), "{error}");
    }
    assert_eq!(batch, ["1"]);
}
