//! Which connection a request takes, and what happens when it breaks.

use crawler::fetch::{Client, Config, FetchError};
use hyper::StatusCode;
use hyper::header::HeaderValue;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;
use url::Url;

use crate::server::{OK, Server, client, config, read_head};

#[tokio::test]
async fn a_request_names_host_agent_path_and_query() {
    let (tell, mut heads) = mpsc::unbounded_channel();
    let server = Server::start(move |_, mut tcp| {
        let tell = tell.clone();
        async move {
            tell.send(read_head(&mut tcp).await)
                .expect("the test listens");
            tcp.write_all(OK).await.expect("the client reads");
        }
    })
    .await;
    let client = Client::new(Config {
        user_agent: HeaderValue::from_static("river/1"),
        ..config()
    });
    let url = server.url("/a%20b?q=1&r={}#fragment");
    let response = client.get(&url, |_, _| true).await.expect("answered");

    assert_eq!(response.status, StatusCode::OK);
    assert_eq!(&response.body[..], b"ok");
    assert_eq!(response.remote, server.address);
    assert_eq!(response.url, url);
    assert!(!response.truncated);
    let head = heads.recv().await.expect("a request");
    assert!(
        head.starts_with("GET /a%20b?q=1&r={} HTTP/1.1\r\n"),
        "{head}"
    );
    assert!(
        head.contains(&format!("host: {}\r\n", server.address)),
        "{head}"
    );
    assert!(head.contains("user-agent: river/1\r\n"), "{head}");
    assert!(
        head.contains("accept-encoding: gzip, deflate, br, zstd\r\n"),
        "{head}"
    );
}

#[tokio::test]
async fn a_connection_is_kept_for_the_next_request() {
    let server = Server::answering(OK).await;
    let client = client();
    for _ in 0..10 {
        let response = client.get(&server.url("/"), |_, _| true).await;
        assert_eq!(&response.expect("answered").body[..], b"ok");
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn no_more_connections_are_kept_than_allowed() {
    let first = Server::answering(OK).await;
    let second = Server::answering(OK).await;
    let client = Client::new(Config {
        max_idle: 1,
        ..config()
    });
    for server in [&first, &second, &second, &first] {
        client
            .get(&server.url("/"), |_, _| true)
            .await
            .expect("answered");
    }
    assert_eq!((first.connections(), second.connections()), (2, 1));

    let client = Client::new(Config {
        max_idle_per_host: 0,
        ..config()
    });
    for _ in 0..3 {
        client
            .get(&second.url("/"), |_, _| true)
            .await
            .expect("answered");
    }
    assert_eq!(second.connections(), 1 + 3);
}

#[tokio::test]
async fn what_the_server_closed_after_an_answer_is_replaced() {
    let server = Server::start(|_, mut tcp| async move {
        read_head(&mut tcp).await;
        tcp.write_all(OK).await.expect("the client reads");
    })
    .await;
    let client = client();
    for expected in 1..=5 {
        let response = client.get(&server.url("/"), |_, _| true).await;
        assert_eq!(&response.expect("answered").body[..], b"ok");
        assert_eq!(server.connections(), expected);
    }
}

#[tokio::test]
async fn a_kept_connection_that_closes_instead_of_answering_is_replaced_once() {
    let server = Server::start(|number, mut tcp| async move {
        if number < 2 {
            read_head(&mut tcp).await;
            tcp.write_all(OK).await.expect("the client reads");
        }
        // The next request is read and not answered.
        read_head(&mut tcp).await;
    })
    .await;
    let client = client();
    client
        .get(&server.url("/"), |_, _| true)
        .await
        .expect("answered");
    client
        .get(&server.url("/"), |_, _| true)
        .await
        .expect("answered anew");
    assert_eq!(server.connections(), 2);
    let error = client
        .get(&server.url("/"), |_, _| true)
        .await
        .expect_err("closed twice");
    assert!(matches!(error, FetchError::Protocol { .. }), "{error}");
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn a_new_connection_that_closes_early_is_an_error() {
    let server = Server::start(|_, mut tcp| async move {
        read_head(&mut tcp).await;
    })
    .await;
    let error = client()
        .get(&server.url("/"), |_, _| true)
        .await
        .expect_err("closed");
    assert!(matches!(error, FetchError::Protocol { .. }), "{error:?}");
    assert!(error.is_retryable());
    let line = error.to_string();
    assert!(
        line.starts_with(&format!("no valid answer from {}: ", server.address)),
        "{line}"
    );
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn nonsense_is_an_error_that_will_not_go_away() {
    let server = Server::answering(*b"SSH-2.0-OpenSSH_9.7\r\n\r\n").await;
    let error = client()
        .get(&server.url("/"), |_, _| true)
        .await
        .expect_err("no HTTP");
    assert!(matches!(error, FetchError::Protocol { .. }), "{error:?}");
    assert!(!error.is_retryable());
}

#[tokio::test]
async fn a_port_without_a_server_is_unreachable() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let url = Url::parse(&format!("http://{address}/")).expect("a URL");
    let error = client()
        .get(&url, |_, _| true)
        .await
        .expect_err("nobody there");
    assert!(matches!(error, FetchError::Unreachable { .. }), "{error:?}");
    assert!(error.is_retryable());
    assert!(
        error
            .to_string()
            .starts_with(&format!("cannot reach {address}: ")),
        "{error}"
    );
}

#[tokio::test]
async fn only_the_web_can_be_requested() {
    for url in ["ftp://127.0.0.1/", "data:,river", "file:///etc/passwd"] {
        let url = Url::parse(url).expect("a URL");
        let error = client()
            .get(&url, |_, _| true)
            .await
            .expect_err("not the web");
        assert!(matches!(error, FetchError::Url { .. }), "{error:?}");
        assert!(!error.is_retryable());
    }
    let long = Url::parse(&format!("http://127.0.0.1:1/{}", "x".repeat(100_000))).expect("a URL");
    let error = client()
        .get(&long, |_, _| true)
        .await
        .expect_err("too long");
    assert!(!matches!(error, FetchError::Timeout { .. }), "{error:?}");
}

#[tokio::test]
async fn an_answer_that_says_close_is_not_followed_by_another() {
    let server =
        Server::answering(*b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok")
            .await;
    let client = client();
    for expected in 1..=3 {
        client
            .get(&server.url("/"), |_, _| true)
            .await
            .expect("answered");
        assert_eq!(server.connections(), expected);
    }
}
