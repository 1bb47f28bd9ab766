//! No way into private networks, unless the user named it.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crawler::fetch::{Client, Config, FetchError, Reason, Resolve};
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

/// Gives every name these addresses, one list after the other, the last again and again.
struct Changing {
    answers: Vec<Vec<IpAddr>>,
    asked: AtomicUsize,
}

impl Changing {
    fn new<const N: usize>(answers: [&[&str]; N]) -> Arc<Self> {
        let parsed = |text: &&str| text.parse().expect("an address");
        Arc::new(Self {
            answers: answers
                .iter()
                .map(|answer| answer.iter().map(parsed).collect())
                .collect(),
            asked: AtomicUsize::new(0),
        })
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Resolve for Changing {
    fn resolve(&self, _: &str) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        let answer = self.answers[asked.min(self.answers.len() - 1)].clone();
        Box::pin(async { Ok(answer) })
    }
}

#[tokio::test]
async fn a_name_that_means_another_address_when_it_is_asked_again_gains_nothing() {
    let server = Server::answering(OK).await;
    let url = Url::parse(&format!("http://river.test:{}/", server.address.port())).expect("a URL");
    // A public address when it is checked, a private one a moment later.
    let resolver = Changing::new([&["192.0.0.9"], &["127.0.0.1"]]);
    let client = Client::new(Config {
        resolver: resolver.clone(),
        dns_ttl: Duration::ZERO,
        ..Config::default()
    });
    for _ in 0..3 {
        let error = client.get(&url, |_, _| true).await.expect_err("not public");
        assert_eq!(error.reason(), Reason::PrivateAddress);
    }
    assert_eq!((server.connections(), resolver.asked()), (0, 3));
}

#[tokio::test]
async fn private_addresses_among_public_ones_are_left_out() {
    let server = Server::answering(OK).await;
    let url = Url::parse(&format!("http://river.test:{}/", server.address.port())).expect("a URL");
    for private in ["127.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"] {
        let client = Client::new(Config {
            resolver: Changing::new([&[private, "10.0.0.1", "169.254.169.254"]]),
            ..Config::default()
        });
        let error = client.get(&url, |_, _| true).await.expect_err("private");
        assert_eq!(error.reason(), Reason::PrivateAddress, "{private}");
        let address = client.address_of(&url).await.expect_err("private");
        assert_eq!(address.reason(), Reason::PrivateAddress, "{private}");

        let client = Client::new(Config {
            resolver: Changing::new([&[private, "1.1.1.1"]]),
            ..Config::default()
        });
        let address = client.address_of(&url).await.expect("one is public");
        assert_eq!(address, Some([1, 1, 1, 1].into()));
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_name_is_looked_up_once_for_many_requests_and_all_its_addresses_are_tried() {
    let server = Server::answering(OK).await;
    let url = Url::parse(&format!("http://river.test:{}/", server.address.port())).expect("a URL");
    let resolver = Changing::new([&["127.0.0.9", "127.0.0.1"]]);
    let client = Client::new(Config {
        resolver: resolver.clone(),
        allow_private: true,
        max_idle: 0,
        ..Config::default()
    });
    for _ in 0..5 {
        let response = client.get(&url, |_, _| true).await.expect("answered");
        assert_eq!(response.remote, server.address);
    }
    assert_eq!((server.connections(), resolver.asked()), (5, 1));
}
