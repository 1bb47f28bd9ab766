//! What requests say of who asks: passwords, cookies, headers, and what is known already.

use crawler::fetch::{Client, Config, Credentials, Request, Validators};
use hyper::header::{HeaderMap, HeaderValue};
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;

use crate::server::{Server, config, read_head};

/// A server that answers all with the same, and tells of the heads of the requests.
async fn telling(answer: &'static str) -> (Server, mpsc::UnboundedReceiver<String>) {
    let (tell, heads) = mpsc::unbounded_channel();
    let server = Server::start(move |_, mut tcp| {
        let tell = tell.clone();
        async move {
            loop {
                let head = read_head(&mut tcp).await;
                if head.is_empty() || tell.send(head).is_err() {
                    return;
                }
                if tcp.write_all(answer.as_bytes()).await.is_err() {
                    return;
                }
            }
        }
    })
    .await;
    (server, heads)
}

/// The value of a header in a request; empty if it is not there.
fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let line = head
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    line.unwrap_or_default()
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

#[tokio::test]
async fn a_password_is_sent_to_its_host_only() {
    let (known, mut known_heads) = telling(OK).await;
    let (other, mut other_heads) = telling(OK).await;
    let mut credentials = Credentials::default();
    credentials.add(known.address.to_string(), "me", "p:ss wörd");
    let client = Client::new(Config {
        credentials,
        ..config()
    });
    for server in [&known, &other] {
        let answer = client.get(&server.url("/"), |_, _| true).await;
        answer.expect("answered");
    }
    let head = known_heads.recv().await.expect("a request");
    assert_eq!(header(&head, "authorization"), "Basic bWU6cDpzcyB3w7ZyZA==");
    let head = other_heads.recv().await.expect("a request");
    assert_eq!(header(&head, "authorization"), "");
}

#[tokio::test]
async fn headers_of_the_user_replace_and_add() {
    let (server, mut heads) = telling(OK).await;
    let headers = HeaderMap::from_iter([
        (
            "accept".parse().expect("a name"),
            HeaderValue::from_static("text/plain"),
        ),
        (
            "x-river".parse().expect("a name"),
            HeaderValue::from_static("thalweg"),
        ),
    ]);
    let client = Client::new(Config {
        headers,
        ..config()
    });
    let answer = client.get(&server.url("/"), |_, _| true).await;
    answer.expect("answered");
    let head = heads.recv().await.expect("a request");
    assert_eq!(header(&head, "accept"), "text/plain");
    assert_eq!(header(&head, "x-river"), "thalweg");
    assert_eq!(head.matches("accept:").count(), 1, "{head}");
    assert!(head.starts_with("GET / HTTP/1.1\r\nhost: "), "{head}");
}

#[tokio::test]
async fn cookies_are_kept_if_they_are_wanted() {
    let answer = "HTTP/1.1 200 OK\r\nset-cookie: a=1; path=/\r\nset-cookie: b=2; path=/docs\r\ncontent-length: 2\r\n\r\nok";
    for (cookies, expected) in [(false, ["", ""]), (true, ["a=1", "b=2; a=1"])] {
        let (server, mut heads) = telling(answer).await;
        let client = Client::new(Config {
            cookies,
            ..config()
        });
        let mut sent = Vec::new();
        for path in ["/", "/", "/docs/a"] {
            let answer = client.get(&server.url(path), |_, _| true).await;
            answer.expect("answered");
            let head = heads.recv().await.expect("a request");
            sent.push(header(&head, "cookie").to_owned());
        }
        assert_eq!(sent[0], "");
        assert_eq!(sent[1..], expected);
    }
}

#[tokio::test]
async fn what_is_known_already_is_said() {
    let (server, mut heads) = telling("HTTP/1.1 304 Not Modified\r\netag: \"2\"\r\n\r\n").await;
    let known = Validators {
        etag: Some(HeaderValue::from_static("\"2\"")),
        last_modified: Some(HeaderValue::from_static("Wed, 21 Oct 2015 07:28:00 GMT")),
    };
    let url = server.url("/");
    let request = Request {
        url: &url,
        body_limit: 100,
        known: Some(&known),
    };
    let client = Client::new(config());
    let answer = client.send(&request, &(), |_, _| true).await;
    let answer = answer.expect("answered");
    assert_eq!(answer.status.as_u16(), 304);
    assert!(answer.location.is_none() && answer.body.is_empty());
    let head = heads.recv().await.expect("a request");
    assert_eq!(header(&head, "if-none-match"), "\"2\"");
    assert_eq!(
        header(&head, "if-modified-since"),
        "Wed, 21 Oct 2015 07:28:00 GMT"
    );
}
