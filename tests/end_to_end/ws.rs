use std::time::Duration;

use futures_util::{SinkExt, StreamExt, future::join};
use thalweg::{
    prelude::*,
    sinks::ws::Hub,
    sources::ws::{self, Message, WsError},
};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, accept_async, connect_async,
    tungstenite::protocol::{CloseFrame, frame::coding::CloseCode},
};

type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    (listener, url)
}

async fn accept(listener: &TcpListener) -> WebSocketStream<TcpStream> {
    accept_async(listener.accept().await.unwrap().0)
        .await
        .unwrap()
}

/// All that comes until the connection is closed, and the code that it is closed with.
async fn receive_all(client: Client) -> (Vec<String>, Option<CloseCode>) {
    let (mut texts, mut code) = (Vec::new(), None);
    let mut messages = client.take_while(|message| std::future::ready(message.is_ok()));
    while let Some(Ok(message)) = messages.next().await {
        match message {
            Message::Text(text) => texts.push(text.to_string()),
            Message::Close(frame) => code = frame.map(|frame| frame.code),
            _ => {}
        }
    }
    (texts, code)
}

// The source

#[tokio::test]
async fn texts_and_binaries_come_and_pings_are_answered() {
    let (listener, url) = listen().await;
    let serve = async {
        let mut server = accept(&listener).await;
        for message in [
            Message::text("one"),
            Message::Ping("are you there".into()),
            Message::binary(b"two".to_vec()),
        ] {
            server.send(message).await.unwrap();
        }
        let pong = server.next().await.unwrap().unwrap();
        server.close(None).await.unwrap();
        pong
    };
    let (pong, messages) = join(serve, ws::messages(url).collect::<Vec<_>>()).await;
    assert_eq!(pong, Message::Pong("are you there".into()));
    assert_eq!(
        messages.unwrap(),
        [Message::text("one"), Message::binary(b"two".to_vec())]
    );
}

#[tokio::test]
async fn a_close_for_a_bad_reason_and_a_lost_connection_are_errors() {
    let (listener, url) = listen().await;
    let mut flow = ws::messages(&url);
    let anew = flow.clone();
    let serve = async {
        let frame = CloseFrame {
            code: CloseCode::Restart,
            reason: "back in a minute".into(),
        };
        accept(&listener).await.close(Some(frame)).await.unwrap();
    };
    let ((), closed) = join(serve, flow.next()).await;
    let error = closed.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("{url} closed the connection with code 1012: back in a minute")
    );
    assert!(flow.next().await.unwrap().is_none(), "an error is the end");

    // A clone connects anew, as `retry` does.
    let serve = async { drop(accept(&listener).await) };
    let ((), lost) = join(serve, anew.count()).await;
    assert!(matches!(lost, Err(WsError::Receive { .. })), "{lost:?}");

    drop(listener);
    let error = ws::messages(&url).count().await.unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with(&format!("cannot connect to {url}: ")),
        "{error}"
    );
}

#[tokio::test]
async fn a_stop_tells_the_server() {
    let (listener, url) = listen().await;
    let (sender, mut receiver) = tokio::sync::mpsc::channel(8);
    let run = ws::messages(url).spawn_into(thalweg::sinks::channel(sender));
    let mut server = accept(&listener).await;
    server.send(Message::text("one")).await.unwrap();
    assert_eq!(receiver.recv().await, Some(Message::text("one")));
    run.stop(Duration::from_mins(1)).await.unwrap();
    assert!(matches!(server.next().await, Some(Ok(Message::Close(_)))));
}

#[tokio::test]
async fn a_connection_has_a_half_that_sends() {
    let (listener, url) = listen().await;
    let echo = async {
        let (mut outgoing, mut incoming) = accept(&listener).await.split();
        while let Some(Ok(message)) = incoming.next().await {
            if message.is_text() {
                outgoing.send(message).await.unwrap();
            }
        }
    };
    let talk = async {
        let (mut sender, mut received) = ws::connect(&url).await.unwrap();
        sender.send("by hand").await.unwrap();
        assert_eq!(
            received.next().await.unwrap(),
            Some(Message::text("by hand"))
        );
        ["from", "a flow"].flow().run_into(sender).await.unwrap();
        received.collect::<Vec<_>>().await.unwrap()
    };
    let ((), echoed) = join(echo, talk).await;
    assert_eq!(echoed, [Message::text("from"), Message::text("a flow")]);
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_no_secure_one() {
    let (listener, url) = listen().await;
    let url = url.replace("ws://", "wss://");
    let serve = async {
        let (mut client, _) = listener.accept().await.unwrap();
        client
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .await
            .unwrap();
    };
    let ((), connected) = join(serve, ws::connect(&url)).await;
    let error = connected.unwrap_err();
    assert!(matches!(&error, WsError::Connect { .. }));
    assert!(error.to_string().contains("InvalidContentType"), "{error}");
}

// From the source to the hub

#[tokio::test]
async fn a_websocket_is_relayed_without_a_word() {
    let (listener, url) = listen().await;
    let relay = Hub::builder()
        .plain()
        .default_topics(["relay"])
        .bind("127.0.0.1:0")
        .await
        .unwrap();
    let (client, _) = connect_async(format!("ws://{}", relay.address()))
        .await
        .unwrap();
    let serve = async {
        let mut server = accept(&listener).await;
        for n in 0..3 {
            server.send(Message::text(n.to_string())).await.unwrap();
        }
        server.close(None).await.unwrap();
    };
    let texts = ws::messages(url).filter_map(|message| message.into_text().ok());
    let relayed = texts.run_into(relay.texts("relay"));
    let ((), (ended, received)) = join(serve, join(relayed, receive_all(client))).await;
    ended.unwrap();
    assert_eq!(received.0, ["0", "1", "2"]);
    assert_eq!(received.1, Some(CloseCode::Restart));
}
