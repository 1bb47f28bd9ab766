//! Requests to a server of this machine that answers as it is told.

use std::time::Duration;

use thalweg::{
    DropReason, Sink,
    operators::{error::Backoff, terminal::RunError},
    prelude::*,
    sinks::{encoding::Raw, http, or_dead_letter},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::Instant,
};

use crate::double::Double;

const SECOND: Duration = Duration::from_secs(1);

/// Longer than any test: a paused clock jumps to a deadline when all wait for a socket.
const NEVER: Duration = Duration::from_secs(1 << 30);

#[derive(Debug)]
struct Received {
    head: String,
    body: String,
    at: Instant,
    connection: usize,
}

/// Answers requests one after the other; an answer that is empty ends the connection instead.
async fn serve(answers: Vec<&'static str>) -> (String, JoinHandle<Vec<Received>>) {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/events?source=test", server.local_addr().unwrap());
    let task = tokio::spawn(async move {
        let mut received = Vec::new();
        let mut answers = answers.into_iter().peekable();
        let mut connection = 0;
        while answers.peek().is_some() {
            let (stream, _) = server.accept().await.unwrap();
            let mut stream = BufReader::new(stream);
            connection += 1;
            while let Some(mut request) = read(&mut stream).await {
                request.connection = connection;
                received.push(request);
                let answer = answers.next().unwrap();
                if answer.is_empty() {
                    break;
                }
                stream.write_all(answer.as_bytes()).await.unwrap();
                if answers.peek().is_none() || answer.contains("connection: close") {
                    break;
                }
            }
        }
        received
    });
    (url, task)
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Received> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).await.ok()?;
    Some(Received {
        head,
        body: String::from_utf8(body).unwrap(),
        at: Instant::now(),
        connection: 0,
    })
}

const OK: &str = "HTTP/1.1 204 No Content\r\n\r\n";
const BUSY: &str = "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n";

fn post(url: String) -> http::Post<thalweg::sinks::encoding::Json> {
    http::post(url).timeout(NEVER).retries(Backoff::fixed(SECOND).max_retries(2))
}

#[tokio::test]
async fn batches_are_lines_of_json_over_one_connection() {
    let (url, server) = serve(vec![OK, "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine", OK]).await;
    let mut sink = post(url).header("X-Key", "secret").max_items(2);
    let mut batch = vec![("a", 1), ("b", 2), ("c", 3)];
    sink.write(&mut batch).await.unwrap();
    assert_eq!(batch, [("c", 3)]);
    sink.write(&mut batch).await.unwrap();
    sink.write(&mut vec![("d", 4)]).await.unwrap();
    let received = server.await.unwrap();
    let bodies: Vec<_> = received.iter().map(|request| &*request.body).collect();
    assert_eq!(bodies, ["[\"a\",1]\n[\"b\",2]\n", "[\"c\",3]\n", "[\"d\",4]\n"]);
    assert!(received.iter().all(|request| request.connection == 1));
    let head = &received[0].head;
    assert!(head.starts_with("POST /events?source=test HTTP/1.1\r\n"), "{head}");
    for line in ["host: 127.0.0.1:", "content-type: application/x-ndjson\r\n", "x-key: secret\r\n"] {
        assert!(head.contains(line), "{head}");
    }
}

#[tokio::test]
async fn any_encoding_and_bodies_have_a_limit() {
    let (url, server) = serve(vec![OK, OK, OK]).await;
    let sink = post(url).encoding(Raw, "text/plain").max_bytes(4);
    ["ab", "cd", "too long", "e"].flow().run_into(sink).await.unwrap();
    let received = server.await.unwrap();
    let bodies: Vec<_> = received.iter().map(|request| &*request.body).collect();
    assert_eq!(bodies, ["abcd", "too long", "e"]);
    assert!(received[0].head.contains("content-type: text/plain\r\n"));
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_honoured() {
    let later = "HTTP/1.1 429 Slow\r\nretry-after: 90\r\ncontent-length: 0\r\n\r\n";
    let date = "HTTP/1.1 503 Busy\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
                retry-after: Sun, 06 Nov 1994 08:50:07 GMT\r\ncontent-length: 0\r\n\r\n";
    let (url, server) = serve(vec![later, date, OK]).await;
    [1].flow().run_into(post(url)).await.unwrap();
    let received = server.await.unwrap();
    assert_eq!(received[1].at - received[0].at, 90 * SECOND);
    assert_eq!(received[2].at - received[1].at, 30 * SECOND);
    assert!(received.iter().all(|request| request.body == "1\n"));
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_too_long_is_given_up() {
    let later = "HTTP/1.1 503 Busy\r\nretry-after: 301\r\ncontent-length: 0\r\n\r\n";
    let (url, _server) = serve(vec![later]).await;
    let began = Instant::now();
    let error = post(url).write(&mut vec![1]).await.unwrap_err();
    assert_eq!(error.error().retry_after(), Some(301 * SECOND));
    assert_eq!((error.retries(), began.elapsed()), (0, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn servers_that_fail_are_tried_again_up_to_the_limit() {
    let (url, server) = serve(vec![BUSY, BUSY, OK]).await;
    [1].flow().run_into(post(url)).await.unwrap();
    assert_eq!(server.await.unwrap().len(), 3);

    let (url, server) = serve(vec![BUSY, BUSY, BUSY]).await;
    let mut batch = vec![1];
    let error = post(url.clone()).write(&mut batch).await.unwrap_err();
    assert_eq!(server.await.unwrap().len(), 3);
    assert_eq!(batch, [1]);
    assert_eq!((error.retries(), error.error().status()), (2, Some(503)));
    let text = error.to_string();
    assert!(text.starts_with("http::post at ") && text.contains("post.rs:"), "{text}");
    assert!(text.ends_with(&format!("gave up after 2 retries: {url} answered 503")), "{text}");
}

#[tokio::test(start_paused = true)]
async fn what_the_server_does_not_want_is_not_tried_again() {
    for status in [400, 404, 301] {
        let answer = format!("HTTP/1.1 {status} No\r\ncontent-length: 9\r\n\r\nno, never");
        let (url, server) = serve(vec![answer.leak()]).await;
        let mut batch = vec![1];
        let error = post(url).write(&mut batch).await.unwrap_err();
        assert_eq!(server.await.unwrap().len(), 1);
        assert_eq!((error.retries(), error.error().status()), (0, Some(status)));
        assert!(error.to_string().ends_with(&format!("answered {status}: no, never")), "{error}");
        assert_eq!(batch, [1]);
    }
}

#[tokio::test(start_paused = true)]
async fn connections_that_break_are_made_anew() {
    let closes = "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
    // The second request is lost with its connection, and tried again at once: it may have been the server's time-out.
    let (url, server) = serve(vec![OK, "", closes, OK]).await;
    let mut sink = post(url);
    let began = Instant::now();
    for n in 1..=3 {
        sink.write(&mut vec![n]).await.unwrap();
    }
    assert_eq!(began.elapsed(), Duration::ZERO);
    let received = server.await.unwrap();
    let seen: Vec<_> = received.iter().map(|got| (got.connection, &*got.body)).collect();
    assert_eq!(seen, [(1, "1\n"), (1, "2\n"), (2, "2\n"), (3, "3\n")]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_not_there_is_tried_again() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", server.local_addr().unwrap());
    drop(server);
    let began = Instant::now();
    let error = [1].flow().run_into(post(url)).await.unwrap_err();
    assert_eq!(began.elapsed(), 2 * SECOND);
    assert!(error.to_string().contains("gave up after 2 retries: cannot connect to "), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_come_is_not_waited_for_for_ever() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", server.local_addr().unwrap());
    let sink = post(url).timeout(10 * SECOND).retries(Backoff::fixed(SECOND).max_retries(0));
    let began = Instant::now();
    let error = [1].flow().run_into(sink).await.unwrap_err();
    assert_eq!(began.elapsed(), 10 * SECOND);
    assert!(error.to_string().ends_with("did not answer within 10s"), "{error}");
}

#[tokio::test]
async fn what_is_given_up_is_a_dead_letter_and_the_flow_goes_on() {
    let bad = "HTTP/1.1 400 Bad\r\ncontent-length: 0\r\n\r\n";
    let (url, server) = serve(vec![bad, OK]).await;
    let dead = Double::new();
    let sink = or_dead_letter(post(url), dead.clone());
    let meter = sink.meter().clone();
    // The first batch is as long as a batch can be.
    (0..1030).flow().run_into(sink).await.unwrap();
    assert_eq!(dead.taken(), (0..1024).collect::<Vec<_>>());
    assert_eq!(server.await.unwrap()[1].body.lines().count(), 6);
    let counts = meter.counts();
    assert_eq!((counts.emitted, counts.dropped_by(DropReason::Failed)), (6, 1024));
}

#[tokio::test]
async fn addresses_and_headers_that_are_none_are_told() {
    for url in ["nowhere", "ftp://127.0.0.1/", "http:///x", "http://a b/"] {
        let ended = [1].flow().run_into(http::post(url)).await;
        let Err(RunError::Sink(error)) = ended else {
            panic!("{ended:?}");
        };
        assert!(!error.error().is_transient());
        assert!(error.to_string().contains(&format!("cannot post with {url}: ")), "{error}");
    }
    let sink = http::post("http://127.0.0.1:1").header("key", "se\ncret");
    let text = [1].flow().run_into(sink).await.unwrap_err().to_string();
    assert!(text.contains("cannot post with the header key: "), "{text}");
    assert!(!text.contains("cret"));
}
