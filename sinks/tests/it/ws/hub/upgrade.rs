use super::*;
use std::{convert::Infallible, net::SocketAddr};

use http_body_util::Either;
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use thalweg::Sink;
use tokio::{net::TcpListener, task::JoinHandle};

/// A server of somebody else: events at one address, a WebSocket at all others.
async fn server(handle: Handle) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = async move {
        loop {
            let (stream, peer) = listener.accept().await.unwrap();
            let handle = handle.clone();
            let service = service_fn(move |mut request: Request<Incoming>| {
                let upgrade = hyper::upgrade::on(&mut request);
                let handle = handle.clone();
                async move {
                    let upgraded = async { upgrade.await.map(TokioIo::new) };
                    Ok::<_, Infallible>(if request.uri().path() == "/events" {
                        handle.events(&request, Some(peer)).await.map(Either::Left)
                    } else {
                        let answer = handle.upgrade(&request, Some(peer), upgraded).await;
                        answer.map(Either::Right)
                    })
                }
            });
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            tokio::spawn(connection.with_upgrades());
        }
    };
    (address, tokio::spawn(serving))
}

async fn ask(address: SocketAddr, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn clients_of_another_server_are_taken_in() {
    let builder = builder().origins(["https://ours.example"]);
    let mut hub = builder.start().await.unwrap();
    let handle = hub.handle();
    assert_eq!(hub.address().port(), 0);
    let (address, server) = server(handle.clone()).await;
    let stream = TcpStream::connect(address).await.unwrap();
    let url = format!("ws://{address}/?topic=a");
    let mut client = Client(client_async(url, stream).await.unwrap().0);
    client.expect(subscribed("a", 0, 1)).await;
    publish(&handle, "a", 1).await;
    client.expect(event("a", 1, 1)).await;
    client.say(json!({ "subscribe": "b" })).await;
    client.expect(subscribed("b", 1, 1)).await;

    let mut stranger = TcpStream::connect(address).await.unwrap();
    stranger
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let answer = read_all(stranger).await;
    assert!(
        answer.starts_with("HTTP/1.1 426 Upgrade Required\r\n"),
        "{answer}"
    );

    let (closed, ended) = tokio::join!(hub.close(), client.next());
    closed.unwrap();
    assert_eq!(ended, Err(Some(CloseCode::Restart)));
    let stream = TcpStream::connect(address).await.unwrap();
    let late = client_async(format!("ws://{address}/"), stream).await;
    assert!(late.is_err_and(|error| error.to_string().contains("503")));
    server.abort();
}

#[tokio::test]
async fn clients_of_another_server_get_events() {
    let mut hub = builder().start().await.unwrap();
    let handle = hub.handle();
    let (address, server) = server(handle.clone()).await;
    publish(&handle, "a", 1).await;
    let request = "GET /events?topic=a&last=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept: text/event-stream\r\n\r\n";
    let mut stream = ask(address, request).await;
    let text = read_until(&mut stream, "data: 1\n\n").await;
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
    assert!(
        text.contains("\r\ncontent-type: text/event-stream\r\n"),
        "{text}"
    );
    assert!(text.contains("access-control-allow-origin: *"), "{text}");
    assert!(text.contains("retry: 1000\n\n"), "{text}");
    assert!(
        text.contains("\"clients\":1,\"missed\":1}\nid: e:0\n\n"),
        "{text}"
    );
    publish(&handle, "a", 2).await;
    let text = read_until(&mut stream, "data: 2\n\n").await;
    assert!(text.contains("id: e:2\nevent: a\n"), "{text}");
    drop(stream);
    until(|| handle.clients("a") == 0).await;

    let plain = "GET /events?topic=a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let answer = read_all(ask(address, plain).await).await;
    assert!(
        answer.starts_with("HTTP/1.1 426 Upgrade Required\r\n"),
        "{answer}"
    );
    let stream = TcpStream::connect(address).await.unwrap();
    let socket = client_async(format!("ws://{address}/events"), stream).await;
    assert!(socket.is_err_and(|error| error.to_string().contains("406")));

    // One that reads nothing has a backlog like any other, and the close does not wait for it for ever.
    let mut slow = ask(address, request).await;
    read_until(&mut slow, "id: e:1\n\n").await;
    until(|| handle.clients("a") == 1).await;
    while handle.stats().dropped == 0 {
        publish(&handle, "a", "x".repeat(16 * 1024)).await;
        yield_now().await;
    }
    let (closed, text) = tokio::join!(hub.close(), read_all(slow));
    closed.unwrap();
    assert!(text.contains("event: gap\n"), "it is told what it missed");
    assert!(text.ends_with("0\r\n\r\n"), "the body has an end");
    server.abort();
}
