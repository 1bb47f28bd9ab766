use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use thalweg::{
    Sink,
    operators::error::Backoff,
    prelude::*,
    sinks::{retrying, ws},
};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{
    WebSocketStream, accept_async,
    tungstenite::{
        Message,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

async fn server() -> (TcpListener, String) {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", server.local_addr().unwrap());
    (server, url)
}

async fn accept(server: &TcpListener) -> WebSocketStream<TcpStream> {
    accept_async(server.accept().await.unwrap().0).await.unwrap()
}

#[tokio::test]
async fn every_item_is_a_message_and_the_close_waits_for_the_answer() {
    let (server, url) = server().await;
    let flow = (0..3000).flow().map(|n: u32| n.to_string());
    let (ended, received) = tokio::join!(flow.run_into(ws::send(url)), async {
        let mut socket = accept(&server).await;
        let mut received = Vec::new();
        while let Some(message) = socket.next().await {
            match message.unwrap() {
                Message::Text(text) => received.push(text.parse::<u32>().unwrap()),
                Message::Close(frame) => assert_eq!(frame.unwrap().code, CloseCode::Normal),
                other => panic!("{other}"),
            }
        }
        received
    });
    ended.unwrap();
    assert_eq!(received, (0..3000).collect::<Vec<_>>());
}

#[tokio::test]
async fn pings_are_answered_while_nothing_is_sent() {
    let (server, url) = server().await;
    let mut sink = ws::send(url);
    let mut batch = vec!["hello"];
    let (written, mut socket) = tokio::join!(sink.write(&mut batch), accept(&server));
    written.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::from("hello"));
    socket.send(Message::Ping("are you there".into())).await.unwrap();
    let answer = socket.next().await.unwrap().unwrap();
    assert_eq!(answer, Message::Pong("are you there".into()));
}

#[tokio::test]
async fn a_server_that_closes_is_told_and_the_next_write_connects_anew() {
    let (server, url) = server().await;
    let mut sink = ws::send(url.clone());
    let mut batch = vec!["1"];
    let (written, mut socket) = tokio::join!(sink.write(&mut batch), accept(&server));
    written.unwrap();
    let away = CloseFrame { code: CloseCode::Away, reason: "a restart".into() };
    socket.close(Some(away)).await.unwrap();
    while let Some(Ok(_)) = socket.next().await {}
    drop(socket);
    // The reader may have to run first: until then writes may succeed.
    let mut batch = vec!["2"];
    let error = loop {
        match sink.write(&mut batch).await {
            Err(error) => break error,
            Ok(()) => batch.push("2"),
        }
        tokio::task::yield_now().await;
    };
    assert!(error.to_string().contains(&url), "{error}");
    assert_eq!(batch, ["2"]);
    let policy = Backoff::fixed(Duration::from_millis(1));
    let mut sink = retrying(sink, policy);
    let (written, mut socket) = tokio::join!(sink.write(&mut batch), accept(&server));
    written.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::from("2"));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    let (server, url) = server().await;
    drop(server);
    let error = ["1"].flow().run_into(ws::send(url.clone())).await.unwrap_err();
    assert!(error.to_string().starts_with(&format!("cannot connect to {url}: ")), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_close_that_is_not_answered_is_told() {
    let (server, url) = server().await;
    let mut sink = ws::send(url);
    let mut batch = vec!["1"];
    let (written, _socket) = tokio::join!(sink.write(&mut batch), accept(&server));
    written.unwrap();
    let error = Sink::<&str>::close(&mut sink).await.unwrap_err();
    assert!(error.to_string().contains("did not answer the close"), "{error}");
}
