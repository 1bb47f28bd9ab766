//! Servers that keep silent. The clock is stopped only once the request has got there.

use std::time::Duration;

use crawler::fetch::{Client, Config, FetchError, Phase, Reason};
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;
use url::Url;

use crate::server::{OK, Server, config, read_head};

const LIMIT: Duration = Duration::from_mins(10);
const CONNECT_LIMIT: Duration = Duration::from_mins(5);
const STALL_LIMIT: Duration = Duration::from_mins(1);

fn patient() -> Client {
    Client::new(Config {
        timeout: LIMIT,
        connect_timeout: CONNECT_LIMIT,
        stall_timeout: STALL_LIMIT,
        ..config()
    })
}

/// Requests `url` and lets all time pass once `told` says that the server has got so far.
async fn fail_in(phase: Phase, limit: Duration, url: Url, told: &mut mpsc::UnboundedReceiver<()>) {
    let (tell_head, mut head) = mpsc::unbounded_channel();
    let request = tokio::spawn(async move {
        let seen = |_, _: &_| {
            tell_head.send(()).expect("the test listens");
            true
        };
        patient().get(&url, seen).await
    });
    told.recv().await.expect("the server tells");
    if phase == Phase::Piece {
        head.recv().await.expect("the head has come");
    }
    tokio::time::pause();
    tokio::time::advance(limit).await;
    let error = request.await.expect("no panic").expect_err("silence");
    assert!(error.is_retryable() && error.is_timeout());
    assert!(!error.to_string().contains('\n'));
    match error {
        FetchError::Timeout {
            phase: actual,
            limit: told,
            ..
        } => {
            assert_eq!((actual, told), (phase, limit));
        }
        other => panic!("{other:?}"),
    }
}

/// A server that sends `start` and then nothing more, and tells when it has.
async fn silent_after(start: &'static [u8]) -> (Server, mpsc::UnboundedReceiver<()>) {
    let (tell, told) = mpsc::unbounded_channel();
    let server = Server::start(move |_, mut tcp| {
        let tell = tell.clone();
        async move {
            read_head(&mut tcp).await;
            tcp.write_all(start).await.expect("the client reads");
            tell.send(()).expect("the test listens");
            // Holds the connection until the client leaves.
            read_head(&mut tcp).await;
        }
    })
    .await;
    (server, told)
}

#[tokio::test]
async fn a_server_that_never_answers() {
    let (server, mut told) = silent_after(b"").await;
    fail_in(Phase::Head, LIMIT, server.url("/"), &mut told).await;
}

#[tokio::test]
async fn a_head_that_never_ends() {
    let (server, mut told) = silent_after(b"HTTP/1.1 200 OK\r\nx: y").await;
    fail_in(Phase::Head, LIMIT, server.url("/"), &mut told).await;
}

#[tokio::test]
async fn a_body_that_never_ends() {
    let (server, mut told) = silent_after(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nri").await;
    fail_in(Phase::Piece, STALL_LIMIT, server.url("/"), &mut told).await;
}

#[tokio::test]
async fn a_body_that_drips_for_ever() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let (feed, drops) = mpsc::unbounded_channel::<()>();
    let drops = std::sync::Mutex::new(Some(drops));
    let server = Server::start(move |_, mut tcp| {
        let tell = tell.clone();
        let mut drops = drops.lock().expect("no test panics with it").take();
        async move {
            read_head(&mut tcp).await;
            let head = b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n";
            tcp.write_all(head).await.expect("the client reads");
            while let Some(drops) = &mut drops
                && drops.recv().await.is_some()
                && tcp.write_all(b"x").await.is_ok()
            {
                tell.send(()).expect("the test listens");
            }
        }
    })
    .await;
    let url = server.url("/");
    let request = tokio::spawn(async move { patient().get(&url, |_, _| true).await });
    // Each drop comes well before patience ends; ten minutes of them are too many all the same.
    tokio::time::pause();
    while !request.is_finished() {
        if feed.send(()).is_err() || told.recv().await.is_none() {
            break;
        }
        tokio::time::advance(STALL_LIMIT / 2).await;
    }
    let error = request.await.expect("no panic").expect_err("it has no end");
    assert_eq!(error.reason(), Reason::BodyTimeout);
    assert!(
        error.to_string().contains("took longer than 10m"),
        "{error}"
    );
}

#[tokio::test]
async fn a_handshake_that_never_ends() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let server = Server::start(move |_, tcp| {
        let tell = tell.clone();
        async move {
            // The first bytes of the handshake are there, and nobody answers them.
            tcp.readable().await.expect("the client is there");
            tell.send(()).expect("the test listens");
            std::future::pending::<()>().await;
            drop(tcp);
        }
    })
    .await;
    let url = Url::parse(&format!("https://{}/", server.address)).expect("a URL");
    fail_in(Phase::Connect, CONNECT_LIMIT, url, &mut told).await;
}

#[tokio::test]
async fn a_connection_that_was_idle_for_long_is_not_used_again() {
    let server = Server::answering(OK).await;
    let client = Client::new(config());
    client
        .get(&server.url("/"), |_, _| true)
        .await
        .expect("answered");
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(31)).await;
    tokio::time::resume();
    client
        .get(&server.url("/"), |_, _| true)
        .await
        .expect("answered");
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn endless_patience_is_no_overflow() {
    let server = Server::answering(OK).await;
    let client = Client::new(Config {
        timeout: Duration::MAX,
        connect_timeout: Duration::MAX,
        idle_timeout: Duration::MAX,
        ..config()
    });
    for _ in 0..2 {
        client
            .get(&server.url("/"), |_, _| true)
            .await
            .expect("answered");
    }
    assert_eq!(server.connections(), 1);
}
