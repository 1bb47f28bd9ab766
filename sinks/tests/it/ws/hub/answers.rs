use super::*;
use thalweg::sinks::ws::hub::{Admission, Refusal};
use tokio_tungstenite::tungstenite::http::StatusCode;

async fn answer(hub: &Hub, text: &str) -> String {
    read_all(request(hub, text).await).await
}

#[tokio::test]
async fn what_is_no_request_of_a_client_is_answered() {
    let hub = builder().max_head(512).bind("127.0.0.1:0").await.unwrap();
    let upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version";
    let long = "x".repeat(600);
    let cases = [
        (
            "POST / HTTP/1.1\r\n\r\n".to_owned(),
            "405 Method Not Allowed",
        ),
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), "426 Upgrade Required"),
        (
            format!("GET / HTTP/1.1\r\n{upgrade}: 8\r\n\r\n"),
            "426 Upgrade Required",
        ),
        (
            format!("GET / HTTP/1.1\r\n{upgrade}: 13\r\n\r\n"),
            "400 Bad Request",
        ),
        (
            format!("GET / HTTP/1.0\r\n{upgrade}: 13\r\n\r\n"),
            "400 Bad Request",
        ),
        ("\u{1}\u{2}\r\n\r\n".to_owned(), "400 Bad Request"),
        (format!("GET / HTTP/1.1\r\nX: {long}\r\n\r\n"), "431 "),
        (
            format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(65)),
            "431 ",
        ),
        (
            "GET /?topic= HTTP/1.1\r\nAccept: text/event-stream\r\n\r\n".to_owned(),
            "400 Bad Request",
        ),
    ];
    for (n, (text, status)) in cases.iter().enumerate() {
        let answer = answer(&hub, text).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{text}: {answer}"
        );
        until(|| hub.handle().stats().refused == n as u64 + 1).await;
    }
    // One that ends in the middle gets no answer.
    let mut stream = request(&hub, "GET / HT").await;
    stream.shutdown().await.unwrap();
    assert_eq!(read_all(stream).await, "");
}

#[tokio::test]
async fn the_hook_sees_the_request_and_decides() {
    let hub = builder()
        .admit(async |request| {
            assert!(request.peer().is_some());
            assert_eq!(request.header("x-test"), Some("yes"));
            assert_eq!(request.parts().method.as_str(), "GET");
            match (
                request.path(),
                request.query("token").as_deref(),
                request.cookie("session"),
            ) {
                ("/wait", ..) => Err(Refusal::too_many("later", Duration::from_millis(1500))),
                (_, Some("a b"), _) | (_, _, Some("s1")) => Ok(Admission::new()),
                _ if request.subprotocols().any(|one| one == "token.t") => Ok(Admission::new()),
                (_, Some(_), _) => Err(Refusal::forbidden("not you")),
                _ => Err(Refusal::unauthorized("who are you?")),
            }
        })
        .bind("127.0.0.1:0")
        .await
        .unwrap();
    let come = async |query: &str, name, value: &str| {
        Client::with(&hub, query, &[("x-test", "yes"), (name, value)]).await
    };
    let response = refused(come("", "x", "y").await);
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(response.body().as_deref(), Some(&b"who are you?\n"[..]));
    let response = refused(come("?token=x", "x", "y").await);
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    let response = refused(come("wait", "x", "y").await);
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(response.headers()["retry-after"], "2");
    assert_eq!(hub.handle().stats().refused, 3);
    let _query = come("?token=a+b", "x", "y").await.unwrap();
    let _cookie = come("", "cookie", "a=b; session=s1").await.unwrap();
    let protocols = "thalweg.json, token.t";
    let _protocol = come("", "sec-websocket-protocol", protocols).await.unwrap();
    assert_eq!(hub.handle().stats().admitted, 3);
}

#[tokio::test]
async fn pages_of_other_origins_are_refused() {
    let hub = builder()
        .origins(["https://ours.example"])
        .bind("127.0.0.1:0")
        .await
        .unwrap();
    let theirs = Client::with(&hub, "", &[("origin", "https://theirs.example")]).await;
    assert_eq!(refused(theirs).status(), StatusCode::FORBIDDEN);
    let _ours = Client::with(&hub, "", &[("origin", "https://ours.example")])
        .await
        .unwrap();
    let _no_browser = Client::connect(&hub, "").await;
    let ask = "GET / HTTP/1.1\r\nAccept: text/event-stream\r\nOrigin: https://ours.example\r\n\r\n";
    let head = read_until(&mut request(&hub, ask).await, "\r\n\r\n").await;
    assert!(
        head.contains("access-control-allow-origin: https://ours.example\r\nvary: origin"),
        "{head}"
    );
}

#[tokio::test]
async fn more_connections_than_allowed_are_refused_until_one_leaves() {
    let hub = builder().max_clients(2).bind("127.0.0.1:0").await.unwrap();
    let first = Client::of(&hub, "a").await;
    let _second = Client::of(&hub, "a").await;
    let response = refused(Client::with(&hub, "", &[]).await);
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()["retry-after"], "5");
    drop(first);
    until(|| hub.handle().clients("a") == 1).await;
    let _third = Client::of(&hub, "a").await;

    let hub = builder()
        .max_clients_per_address(1)
        .bind("127.0.0.1:0")
        .await
        .unwrap();
    let first = Client::of(&hub, "a").await;
    let response = refused(Client::with(&hub, "", &[]).await);
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    drop(first);
    until(|| hub.handle().clients("a") == 0).await;
    let _second = Client::of(&hub, "a").await;
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_is_dropped_in_time() {
    let hub = hub().await;
    let start = tokio::time::Instant::now();
    let silent = TcpStream::connect(hub.address()).await.unwrap();
    let half = request(&hub, "GET / HTTP/1.1\r\nHost").await;
    assert_eq!(read_all(silent).await, "");
    assert_eq!(read_all(half).await, "");
    assert_eq!(start.elapsed().as_secs(), 5);
    until(|| hub.handle().stats().refused == 2).await;
}

#[tokio::test]
async fn an_address_that_is_taken_is_named() {
    let hub = hub().await;
    let error = builder().bind(hub.address()).await.unwrap_err();
    let start = format!("cannot listen on {}: ", hub.address());
    assert!(error.to_string().starts_with(&start), "{error}");
    assert!(std::error::Error::source(&error).is_some());
}
