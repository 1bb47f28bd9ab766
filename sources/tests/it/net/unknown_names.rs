//! A name that nobody can have: a label has at most 63 letters, so the system's resolver refuses it without asking anyone.

use thalweg::{
    prelude::*,
    sources::{framing::lines, http::sse::Sse, reconnecting, tcp_frames, tcp_lines, ws},
};

const HOST: &str = "a-name-with-a-label-of-64-letters-which-no-server-is-asked-for-x";

#[tokio::test]
async fn a_name_that_cannot_be_resolved_is_told_by_every_client() {
    let address = format!("{HOST}:80");
    let events = Sse::new(format!("http://{HOST}/")).reconnect(reconnecting().max_retries(0));
    let told = [
        tcp_lines(&address).next().await.unwrap_err().to_string(),
        tcp_frames(&address, lines()).next().await.unwrap_err().to_string(),
        ws::messages(format!("ws://{HOST}/")).next().await.unwrap_err().to_string(),
        events.flow().next().await.unwrap_err().to_string(),
    ];
    for error in told {
        assert!(error.starts_with("cannot "), "{error}");
        assert!(error.contains(HOST), "{error}");
        // What the system says of it, and not only that it failed.
        assert!(error.contains("lookup"), "{error}");
    }
}
