//! Names that nobody has: those under `.invalid` by RFC 6761, which resolvers answer by themselves.

use thalweg::{
    sources::{framing::lines, http, tcp_frames, tcp_lines, ws},
};

const HOST: &str = "no-such-host.invalid";

#[tokio::test]
async fn a_name_that_cannot_be_resolved_is_told_by_every_client() {
    let address = format!("{HOST}:80");
    let told = [
        tcp_lines(&address).next().await.unwrap_err().to_string(),
        tcp_frames(&address, lines()).next().await.unwrap_err().to_string(),
        ws::messages(format!("ws://{HOST}/")).next().await.unwrap_err().to_string(),
        http::sse::connect(format!("http://{HOST}/")).next().await.unwrap_err().to_string(),
    ];
    for error in told {
        assert!(error.starts_with("cannot "), "{error}");
        assert!(error.contains(HOST), "{error}");
        // What the system says of it, and not only that it failed.
        assert!(error.contains("lookup"), "{error}");
    }
}
