//! No way into private networks, unless the user named it.

use crawler::fetch::{Client, Config, FetchError};
use url::Url;

use crate::server::{OK, Server};

#[tokio::test]
async fn private_addresses_are_refused_however_they_are_written() {
    let server = Server::answering(OK).await;
    let client = Client::new(Config::default());
    let port = server.address.port();
    for host in [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "[::ffff:127.0.0.1]",
        "localhost",
        "0.0.0.0",
        "10.0.0.1",
        "169.254.169.254",
        "[fd00:ec2::254]",
    ] {
        for scheme in ["http", "https"] {
            let url = Url::parse(&format!("{scheme}://{host}:{port}/")).expect("a URL");
            let error = client.get(&url, |_, _| true).await.expect_err(host);
            assert!(
                matches!(error, FetchError::PrivateAddress { .. }),
                "{error:?}"
            );
            assert!(!error.is_retryable());
        }
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn what_the_user_named_is_trusted_and_nothing_else() {
    let server = Server::answering(OK).await;
    let mut config = Config::default();
    config.trust(&server.url("/start"));
    let client = Client::new(config);
    client
        .get(&server.url("/other"), |_, _| true)
        .await
        .expect("named");

    let other = Server::answering(OK).await;
    let error = client
        .get(&other.url("/"), |_, _| true)
        .await
        .expect_err("another port");
    assert!(
        matches!(error, FetchError::PrivateAddress { .. }),
        "{error:?}"
    );
    assert_eq!(other.connections(), 0);
}

#[tokio::test]
async fn a_redirect_into_a_private_network_leads_nowhere() {
    let inside = Server::answering(OK).await;
    let target = inside.url("/admin");
    let redirect = format!("HTTP/1.1 302 Found\r\nlocation: {target}\r\ncontent-length: 0\r\n\r\n");
    let server = Server::answering(redirect).await;
    let mut config = Config::default();
    config.trust(&server.url("/"));
    let client = Client::new(config);

    let response = client
        .get(&server.url("/"), |_, _| true)
        .await
        .expect("answered");
    assert_eq!(response.status.as_u16(), 302);
    assert_eq!(response.location.as_ref(), Some(&target));
    let error = client.get(&target, |_, _| true).await.expect_err("inside");
    let expected = format!(
        "refused to connect to {}: 127.0.0.1 is not a public address (see --allow-private)",
        inside.address
    );
    assert_eq!(error.to_string(), expected);
    assert_eq!(inside.connections(), 0);
}
