use super::*;
use std::convert::Infallible;

use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use thalweg::Sink;
use tokio::net::TcpListener;

#[tokio::test]
async fn clients_of_another_server_are_taken_in() {
    let mut hub = builder()
        .origins(["https://ours.example"])
        .start()
        .await
        .unwrap();
    let handle = hub.handle();
    assert_eq!(hub.address().port(), 0);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn({
        let handle = handle.clone();
        async move {
            loop {
                let (stream, peer) = listener.accept().await.unwrap();
                let handle = handle.clone();
                let service = service_fn(move |mut request: Request<Incoming>| {
                    let upgrade = hyper::upgrade::on(&mut request);
                    let handle = handle.clone();
                    async move {
                        let upgraded = async { upgrade.await.map(TokioIo::new) };
                        let response = handle.upgrade(&request, Some(peer), upgraded).await;
                        Ok::<_, Infallible>(response)
                    }
                });
                let connection =
                    http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                tokio::spawn(connection.with_upgrades());
            }
        }
    });
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
