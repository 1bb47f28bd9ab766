//! Against a server of a few lines, which says what it is told to.

use std::time::Duration;

use futures_util::future::join;
use thalweg::{
    operators::error::Backoff,
    prelude::*,
    sources::http::{HttpError, Polling, poll, sse},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::Instant,
};

const SECOND: Duration = Duration::from_secs(1);

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/a/b", listener.local_addr().unwrap());
    (listener, url)
}

/// Takes a request, and gives its head in small letters.
async fn request(listener: &TcpListener) -> (TcpStream, String) {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    (stream, String::from_utf8(head).unwrap().to_lowercase())
}

/// Takes a request, answers with that head and body, and closes the connection.
async fn answer(listener: &TcpListener, head: &str, body: &[u8]) -> String {
    let (mut stream, request) = request(listener).await;
    let head = format!("HTTP/1.1 {head}\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    request
}

const EVENTS: &str = "200 OK\r\ncontent-type: text/event-stream; charset=utf-8";

#[tokio::test(start_paused = true)]
async fn only_a_body_that_has_changed_is_an_item() {
    let (listener, url) = listen().await;
    let flow = Polling::new(url, SECOND).header("X-Key", "0123").flow();
    let serve = async {
        let head = "200 OK\r\ncontent-type: text/plain\r\netag: \"1\"\r\nlast-modified: Sun";
        let first = answer(&listener, head, b"one").await;
        assert!(first.starts_with("get /a/b http/1.1\r\n") && first.contains("x-key: 0123"));
        assert!(first.contains("host: 127.0.0.1:") && !first.contains("if-"));
        let second = answer(&listener, "304 Not Modified", b"").await;
        assert!(second.contains("if-none-match: \"1\"\r\nif-modified-since: sun"), "{second}");
        // A server that knows no versions sends the same again.
        answer(&listener, "200 OK", b"one").await;
        answer(&listener, "200 OK", b"two").await;
        let last = answer(&listener, "404 Not Found", b"").await;
        assert!(!last.contains("if-"), "the last answer told no version");
    };
    let mut all = Vec::new();
    let begun = Instant::now();
    let ((), ended) = join(serve, flow.for_each(|document| all.push(document))).await;
    assert!(matches!(ended, Err(HttpError::Status { status: 404, .. })));
    assert!(begun.elapsed() >= 4 * SECOND);
    assert_eq!(all.iter().map(|it| &it.body[..]).collect::<Vec<_>>(), [b"one", b"two"]);
    assert_eq!(all[0].content_type.as_deref(), Some("text/plain"));
}

#[tokio::test]
async fn redirections_are_followed_and_do_not_give_away_who_we_are() {
    let ((listener, url), (other, other_url)) = (listen().await, listen().await);
    let mut flow = Polling::new(&url, SECOND).header("Authorization", "0123").flow();
    let serve = async {
        let first = answer(&listener, "302 Found\r\nlocation: c", b"").await;
        assert!(first.contains("authorization"));
        let head = format!("308 Permanent Redirect\r\nlocation: {other_url}");
        let second = answer(&listener, &head, b"").await;
        assert!(second.starts_with("get /a/c ") && second.contains("authorization"));
        let third = answer(&other, "200 OK", b"here").await;
        assert!(!third.contains("authorization"));
    };
    let ((), item) = join(serve, flow.next()).await;
    assert_eq!(item.unwrap().unwrap().body, "here");

    let circle = async {
        for _ in 0..21 {
            answer(&listener, "302 Found\r\nlocation: /x", b"").await;
        }
    };
    let ((), counted) = join(circle, poll(&url, SECOND).count()).await;
    assert!(counted.unwrap_err().to_string().ends_with("it redirects without end"));
}

#[tokio::test]
async fn limits_and_addresses_are_told() {
    let (listener, url) = listen().await;
    let flow = Polling::new(&url, SECOND).max_length(3).flow();
    let (_, counted) = join(answer(&listener, "200 OK", b"four"), flow.count()).await;
    let text = format!("{url} sent more than 3 bytes at once; allow more with `max_length`");
    assert_eq!(counted.unwrap_err().to_string(), text);
    drop(listener);
    let error = poll(&url, SECOND).count().await.unwrap_err();
    assert!(error.to_string().starts_with(&format!("cannot connect to {url}: ")), "{error}");
    for bad in ["ftp://127.0.0.1/", "/path", "http://"] {
        let error = poll(bad, SECOND).count().await.unwrap_err();
        assert!(matches!(error, HttpError::Address { .. }), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_got_over_and_silence_is_one() {
    let (listener, url) = listen().await;
    let backoff = Backoff::exponential(SECOND, SECOND).without_jitter();
    let mut flow = Polling::new(&url, SECOND).reconnect(backoff).flow();
    let serve = async {
        answer(&listener, "503 Service Unavailable", b"").await;
        drop(listener.accept().await.unwrap());
        answer(&listener, "200 OK\r\ncontent-length: 9", b"cut").await;
        answer(&listener, "200 OK", b"whole").await;
    };
    let ((), item) = join(serve, flow.next()).await;
    assert_eq!(item.unwrap().unwrap().body, "whole");

    let silent = Polling::new(&url, SECOND).answer_timeout(5 * SECOND).flow();
    let error = silent.count().await.unwrap_err();
    assert_eq!(error.to_string(), format!("no answer from {url} within 5s"));
}

#[tokio::test(start_paused = true)]
async fn events_go_on_after_the_last_id_and_wait_as_the_server_says() {
    let (listener, url) = listen().await;
    let backoff = Backoff::exponential(SECOND, SECOND).without_jitter();
    let flow = sse::Sse::new(url).reconnect(backoff).flow();
    let begun = Instant::now();
    let serve = async {
        let first = answer(&listener, EVENTS, b"retry: 20000\n\nid: 7\ndata: one\n\ndata: cut").await;
        assert!(first.contains("accept: text/event-stream\r\n") && first.contains("no-store"));
        assert!(!first.contains("last-event-id"));
        let second = answer(&listener, EVENTS, b"id: 8\nevent: add\ndata: two\n\n").await;
        assert!(second.contains("last-event-id: 7"), "{second}");
        assert!(begun.elapsed() >= 20 * SECOND);
        let third = answer(&listener, "204 No Content", b"").await;
        assert!(third.contains("last-event-id: 8"));
    };
    let ((), all) = join(serve, flow.collect::<Vec<_>>()).await;
    let all = all.unwrap();
    let told: Vec<_> = all.iter().map(|it| (&it.event[..], &it.data[..], &it.id[..])).collect();
    assert_eq!(told, [("message", "one", "7"), ("add", "two", "8")]);
}

#[tokio::test]
async fn what_is_no_stream_of_events_is_the_end() {
    let (listener, url) = listen().await;
    let serve = answer(&listener, "200 OK\r\ncontent-type: text/html", b"data: x\n\n");
    let (_, counted) = join(serve, sse::connect(&url).count()).await;
    let text = format!("{url} sent no text/event-stream, but \"text/html\"");
    assert_eq!(counted.unwrap_err().to_string(), text);
    let serve = answer(&listener, "500 Oh", b"");
    let (_, counted) = join(serve, sse::connect(&url).count()).await;
    assert!(matches!(counted, Err(HttpError::Status { status: 500, .. })));
    let serve = answer(&listener, EVENTS, b"data: 12345678901");
    let flow = sse::Sse::new(&url).max_length(10).flow();
    let (_, counted) = join(serve, flow.count()).await;
    assert!(matches!(counted, Err(HttpError::TooLarge { limit: 10, .. })));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_was_gone_or_silent_is_asked_again() {
    let (listener, url) = listen().await;
    drop(listener);
    let backoff = Backoff::exponential(SECOND, SECOND).without_jitter().max_retries(3);
    let flow = sse::Sse::new(&url).reconnect(backoff.clone()).flow();
    let begun = Instant::now();
    assert!(matches!(flow.count().await, Err(HttpError::Connect { .. })));
    assert!(begun.elapsed() >= 12 * SECOND, "3 s of the standard and 1 s, three times");

    let (listener, url) = listen().await;
    let mut flow = sse::Sse::new(&url).idle_timeout(SECOND).reconnect(backoff).flow();
    let serve = async {
        let (mut silent, _) = request(&listener).await;
        let head = format!("HTTP/1.1 {EVENTS}\r\n\r\n");
        silent.write_all(head.as_bytes()).await.unwrap();
        let again = answer(&listener, EVENTS, b"data: x\n\n").await;
        (silent, again)
    };
    let (_, item) = join(serve, flow.next()).await;
    assert_eq!(item.unwrap().unwrap().data, "x");
}

#[tokio::test]
async fn a_drop_closes_the_connection() {
    let (listener, url) = listen().await;
    let mut flow = sse::connect(&url);
    let serve = async {
        let (mut stream, _) = request(&listener).await;
        let text = format!("HTTP/1.1 {EVENTS}\r\n\r\ndata: x\n\n");
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    };
    let (mut stream, item) = join(serve, flow.next()).await;
    assert_eq!(item.unwrap().unwrap().data, "x");
    drop(flow);
    assert_eq!(stream.read(&mut [0; 8]).await.unwrap_or(0), 0);
}
