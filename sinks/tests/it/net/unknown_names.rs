//! Names that nobody has: those under `.invalid` by RFC 6761, which resolvers answer by themselves.

use thalweg::{
    operators::error::Backoff,
    prelude::*,
    sinks::{encoding::Json, http, tcp_lines, udp, ws},
};

const HOST: &str = "no-such-host.invalid";

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
