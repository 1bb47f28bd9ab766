//! Bodies that are long, encoded, cut off or not wanted.

use std::io::Write;

use crawler::fetch::{Client, Config, FetchError};
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::header::CONTENT_TYPE;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;

use crate::server::{OK, Server, client, config, read_head};

fn answer(headers: &str, body: &[u8]) -> Vec<u8> {
    let mut answer = format!("HTTP/1.1 200 OK\r\n{headers}\r\n").into_bytes();
    answer.extend_from_slice(body);
    answer
}

fn sized(headers: &str, body: &[u8]) -> Vec<u8> {
    answer(
        &format!("{headers}content-length: {}\r\n", body.len()),
        body,
    )
}

/// What a page of so many bytes says; no two neighbours are the same.
fn text(length: usize) -> Vec<u8> {
    (b'a'..=b'z').cycle().take(length).collect()
}

#[tokio::test]
async fn bodies_of_any_size_come_whole() {
    let client = client();
    for length in [0, 1, 8192, 100_000, 1_500_000] {
        let expected = text(length);
        let server = Server::answering(sized("", &expected)).await;
        for _ in 0..2 {
            let response = client
                .get(&server.url("/"), |_, _| true)
                .await
                .expect("answered");
            assert!(response.body == expected, "{length} bytes");
            assert!(!response.truncated);
        }
        assert_eq!(server.connections(), 1);
    }
}

#[tokio::test]
async fn chunks_are_joined() {
    let server = Server::answering(answer(
        "transfer-encoding: chunked\r\n",
        b"4\r\nthe \r\n5\r\nriver\r\n0\r\n\r\n",
    ))
    .await;
    let client = client();
    for _ in 0..2 {
        let response = client
            .get(&server.url("/"), |_, _| true)
            .await
            .expect("answered");
        assert_eq!(&response.body[..], b"the river");
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_long_body_is_cut_at_the_limit() {
    let body = text(50_000);
    for limit in [0, 1, 8000, 49_999, 50_000, usize::MAX] {
        for raw in [sized("", &body), answer("connection: close\r\n", &body)] {
            let server = Server::start(move |_, mut tcp| {
                let raw = raw.clone();
                async move {
                    read_head(&mut tcp).await;
                    // The client may leave before the end.
                    let _ = tcp.write_all(&raw).await;
                }
            })
            .await;
            let client = Client::new(Config {
                body_limit: limit,
                ..config()
            });
            let response = client
                .get(&server.url("/"), |_, _| true)
                .await
                .expect("answered");
            assert_eq!(response.truncated, limit < body.len(), "limit {limit}");
            assert!(
                response.body == body[..limit.min(body.len())],
                "limit {limit}"
            );
        }
    }
}

#[tokio::test]
async fn a_bomb_stops_at_the_limit() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let zeros = vec![0; 1 << 20];
    for _ in 0..8 {
        encoder.write_all(&zeros).expect("to memory");
    }
    let bomb = encoder.finish().expect("to memory");
    assert!(bomb.len() < 1 << 20, "the wire carries less than the limit");
    let server = Server::answering(sized("content-encoding: gzip\r\n", &bomb)).await;
    let client = Client::new(Config {
        body_limit: 1 << 20,
        ..config()
    });
    let response = client
        .get(&server.url("/"), |_, _| true)
        .await
        .expect("answered");
    assert!(response.truncated);
    assert_eq!(response.body.len(), 1 << 20);
}

#[tokio::test]
async fn a_corrupt_encoding_is_an_error() {
    let server = Server::answering(sized("content-encoding: gzip\r\n", b"not gzip at all")).await;
    let error = client()
        .get(&server.url("/"), |_, _| true)
        .await
        .expect_err("corrupt");
    assert!(matches!(error, FetchError::Encoding { .. }), "{error:?}");
    assert!(!error.is_retryable());
}

#[tokio::test]
async fn a_body_that_breaks_off_is_an_error() {
    for headers in ["content-length: 100\r\n", "transfer-encoding: chunked\r\n"] {
        let raw = answer(headers, b"4\r\nthe \r\n");
        let server = Server::start(move |_, mut tcp| {
            let raw = raw.clone();
            async move {
                read_head(&mut tcp).await;
                tcp.write_all(&raw).await.expect("the client reads");
            }
        })
        .await;
        let error = client()
            .get(&server.url("/"), |_, _| true)
            .await
            .expect_err("broken off");
        assert!(matches!(error, FetchError::Body { .. }), "{error:?}");
        assert!(error.is_retryable());
        assert_eq!(server.connections(), 1);
    }
}

#[tokio::test]
async fn what_follows_a_body_is_not_taken_for_an_answer() {
    let server = Server::answering(answer(
        "content-length: 5\r\n",
        b"riverHTTP/1.1 500 No\r\n\r\n",
    ))
    .await;
    let client = client();
    for expected in 1..=3 {
        let response = client
            .get(&server.url("/"), |_, _| true)
            .await
            .expect("answered");
        assert_eq!(
            (response.status.as_u16(), &response.body[..]),
            (200, &b"river"[..])
        );
        assert_eq!(server.connections(), expected);
    }
}

#[tokio::test]
async fn an_unwanted_body_is_not_read() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let server = Server::start(move |_, mut tcp| {
        let tell = tell.clone();
        async move {
            read_head(&mut tcp).await;
            let head = b"HTTP/1.1 200 OK\r\ncontent-type: video/mp4\r\n\r\n";
            tcp.write_all(head)
                .await
                .expect("the client reads the head");
            let endless = vec![b'x'; 1 << 16];
            while tcp.write_all(&endless).await.is_ok() {}
            tell.send(()).expect("the test listens");
        }
    })
    .await;
    let is_html = |_, headers: &hyper::HeaderMap| headers[CONTENT_TYPE] == "text/html";
    let response = client()
        .get(&server.url("/"), is_html)
        .await
        .expect("answered");
    assert!(response.body.is_empty() && !response.truncated);
    assert_eq!(response.content_type(), Some("video/mp4"));
    told.recv().await.expect("the connection is closed");
}

#[tokio::test]
async fn a_small_unwanted_body_does_not_cost_the_connection() {
    let server = Server::answering(OK).await;
    let client = client();
    for _ in 0..3 {
        let response = client
            .get(&server.url("/"), |_, _| false)
            .await
            .expect("answered");
        assert!(response.body.is_empty());
    }
    assert_eq!(server.connections(), 1);
}
