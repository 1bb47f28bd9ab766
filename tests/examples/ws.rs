use futures_util::{SinkExt, StreamExt};
use rustix::process::Signal;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, accept_async, connect_async,
    tungstenite::{
        Message,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use crate::program::{Program, soon};

const LOOPBACK: &str = "127.0.0.1:0";

type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn join(address: &str, name: &str) -> Client {
    let url = format!("ws://{address}/{name}");
    connect_async(url).await.unwrap().0
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind(LOOPBACK).await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    (listener, url)
}

async fn accept(listener: &TcpListener) -> WebSocketStream<TcpStream> {
    accept_async(soon(listener.accept()).await.unwrap().0)
        .await
        .unwrap()
}

/// The next message, or the code that the connection is closed with.
async fn hear<S>(socket: &mut WebSocketStream<S>) -> Result<String, CloseCode>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    match soon(socket.next()).await.unwrap().unwrap() {
        Message::Close(frame) => Err(frame.map_or(CloseCode::Status, |frame| frame.code)),
        message => Ok(message.into_text().unwrap().to_string()),
    }
}

/// Reads on until the connection is closed, in answer to a goodbye; gives its code.
async fn part<S>(mut socket: WebSocketStream<S>) -> CloseCode
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let code = loop {
        if let Err(code) = hear(&mut socket).await {
            break code;
        }
    };
    while let Some(Ok(_)) = soon(socket.next()).await {}
    code
}

#[tokio::test]
async fn levels_are_told_to_all_and_so_is_the_end() {
    let mut program = Program::start("ws_hub", [LOOPBACK]);
    let address = program.address().await;
    let (mut ann, mut bob) = (
        join(&address, "?topic=level").await,
        join(&address, "?topic=level").await,
    );
    for client in [&mut ann, &mut bob] {
        let mut next = async || -> serde_json::Value {
            serde_json::from_str(&hear(client).await.unwrap()).unwrap()
        };
        assert_eq!(next().await["subscribed"], "level");
        let event = next().await;
        assert!(event["data"]["level_cm"].is_i64(), "{event}");
    }
    program.signal(Signal::INT);
    for client in [ann, bob] {
        assert_eq!(part(client).await, CloseCode::Restart);
    }
    assert!(program.end().await.succeeded);
}

#[tokio::test]
async fn what_one_says_all_hear() {
    let mut program = Program::start("ws_chat", [LOOPBACK]);
    let address = program.address().await;
    let mut ann = join(&address, "ann").await;
    assert_eq!(hear(&mut ann).await.unwrap(), "ann has come");
    // The other client is an example as well.
    let mut bob = Program::start("ws_send", [format!("ws://{address}/bob")]);
    bob.say("hello").await;
    assert_eq!(hear(&mut ann).await.unwrap(), "bob has come");
    assert_eq!(hear(&mut ann).await.unwrap(), "bob: hello");
    ann.send(Message::text("welcome")).await.unwrap();
    assert_eq!(hear(&mut ann).await.unwrap(), "ann: welcome");
    let ended = bob.end().await;
    assert!(ended.succeeded, "{:?}", ended.complaints);
    assert_eq!(hear(&mut ann).await.unwrap(), "bob has gone");

    program.signal(Signal::INT);
    assert_eq!(part(ann).await, CloseCode::Normal);
    let ended = program.end().await;
    assert!(ended.succeeded, "{:?}", ended.complaints);
}

#[tokio::test]
async fn lines_are_sent_over_another_connection_when_one_is_lost() {
    let (server, url) = listen().await;
    let mut program = Program::start("ws_send", [&url]);
    program.say("one").await;
    let mut first = accept(&server).await;
    assert_eq!(hear(&mut first).await.unwrap(), "one");
    first.close(None).await.unwrap();
    part(first).await;
    program.say("two").await;
    let mut second = accept(&server).await;
    assert_eq!(hear(&mut second).await.unwrap(), "two");
    let read = tokio::spawn(part(second));
    let ended = program.end().await;
    assert!(ended.succeeded, "{:?}", ended.complaints);
    soon(read).await.unwrap();
}

#[tokio::test]
async fn a_feed_subscribes_again_when_its_connection_is_lost() {
    let (server, url) = listen().await;
    let mut program = Program::start("ws_feed", [&url, "levels"]);
    for price in ["3", "8"] {
        let mut socket = accept(&server).await;
        assert_eq!(hear(&mut socket).await.unwrap(), "levels");
        socket.send(Message::text(price)).await.unwrap();
        assert_eq!(program.line().await, price);
        drop(socket);
        assert!(program.complaint().await.contains("; again in "));
    }
    let mut socket = accept(&server).await;
    assert_eq!(hear(&mut socket).await.unwrap(), "levels");
    let goodbye = CloseFrame {
        code: CloseCode::Normal,
        reason: "that is all".into(),
    };
    socket.close(Some(goodbye)).await.unwrap();
    part(socket).await;
    assert!(program.end().await.succeeded);
}
