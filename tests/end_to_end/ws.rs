use std::time::Duration;

use futures_util::{SinkExt, StreamExt, future::join};
use thalweg::{
    DropReason, Sink,
    prelude::*,
    sinks::ws::{Broadcast, SlowClients, broadcast},
    sources::{
        channel,
        ws::{self, Message, WsError},
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::yield_now,
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

async fn join_as_client(server: &Broadcast) -> Client {
    connect_async(format!("ws://{}", server.address()))
        .await
        .unwrap()
        .0
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

async fn send(server: &mut Broadcast, message: impl Into<Message>) {
    let Ok(()) = server.write(&mut vec![message.into()]).await;
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

// The sink

#[tokio::test]
async fn every_client_gets_all_that_is_sent_after_it_connected() {
    let server = broadcast("127.0.0.1:0")
        .slow_clients(SlowClients::Wait)
        .bind()
        .await
        .unwrap();
    let clients = server.clients();
    let (sender, events) = channel(8, Overflow::Wait);
    let mut early = Vec::new();
    for _ in 0..50 {
        early.push(tokio::spawn(receive_all(join_as_client(&server).await)));
    }
    assert_eq!(clients.count(), 50);
    let address = server.address();
    let run = events.spawn_into(server);
    for n in 0..1000 {
        sender.send(n.to_string()).await.unwrap();
    }
    while clients.meter().counts().emitted < 50 * 1000 {
        yield_now().await;
    }
    let late = connect_async(format!("ws://{address}")).await.unwrap().0;
    let late = tokio::spawn(receive_all(late));
    sender.send("last".to_owned()).await.unwrap();
    run.stop(Duration::from_mins(1)).await.unwrap();

    let mut all: Vec<_> = (0..1000).map(|n: u32| n.to_string()).collect();
    all.push("last".to_owned());
    for client in early {
        let (texts, code) = client.await.unwrap();
        assert_eq!(texts, all);
        assert_eq!(code, Some(CloseCode::Away));
    }
    assert_eq!(
        late.await.unwrap(),
        (vec!["last".to_owned()], Some(CloseCode::Away))
    );
    assert_eq!(
        (clients.count(), clients.disconnected(), clients.failed()),
        (0, 0, 0)
    );
    assert_eq!(clients.meter().counts().dropped(), 0);
}

#[tokio::test]
async fn a_client_that_does_not_read_misses_the_oldest_and_holds_back_nobody() {
    let mut server = broadcast("127.0.0.1:0").queue(4).bind().await.unwrap();
    let slow = join_as_client(&server).await;
    let mut quick = join_as_client(&server).await;
    let clients = server.clients();
    let large = "x".repeat(256 * 1024);
    let mut sent = 0_u64;
    while clients.meter().counts().dropped_by(DropReason::Overflow) < 10 {
        send(&mut server, format!("{sent} {large}")).await;
        let text = quick.next().await.unwrap().unwrap().into_text().unwrap();
        assert!(text.starts_with(&format!("{sent} ")));
        sent += 1;
    }
    send(&mut server, "last").await;
    drop(quick);

    let close = Sink::<Message>::close(&mut server);
    let (closed, (texts, code)) = join(close, receive_all(slow)).await;
    assert_eq!(closed, Ok(()));
    assert_eq!(
        texts.last().map(String::as_str),
        Some("last"),
        "the newest is kept"
    );
    let missed = clients.meter().counts().dropped_by(DropReason::Overflow);
    assert_eq!(texts.len() as u64, sent + 1 - missed);
    assert_eq!(code, Some(CloseCode::Away));
    assert_eq!(clients.disconnected(), 0);
}

#[tokio::test]
async fn a_client_that_does_not_read_is_disconnected_if_that_is_the_policy() {
    let mut server = broadcast("127.0.0.1:0")
        .queue(4)
        .slow_clients(SlowClients::Disconnect)
        .bind()
        .await
        .unwrap();
    let clients = server.clients();
    let slow = join_as_client(&server).await;
    let mut quick = join_as_client(&server).await;
    let large = "x".repeat(256 * 1024);
    while clients.disconnected() == 0 {
        send(&mut server, large.as_str()).await;
        assert!(quick.next().await.unwrap().is_ok());
    }
    while clients.count() > 1 {
        yield_now().await;
    }
    let (texts, _) = receive_all(slow).await;
    let counts = clients.meter().counts();
    assert!(counts.dropped_by(DropReason::Overflow) > 0);
    assert!(!texts.is_empty());
    send(&mut server, "still here").await;
    assert_eq!(
        quick.next().await.unwrap().unwrap(),
        Message::text("still here")
    );
    assert_eq!((clients.count(), clients.disconnected()), (1, 1));
}

#[tokio::test]
async fn a_client_that_leaves_is_no_client_any_more() {
    let server = broadcast("127.0.0.1:0").bind().await.unwrap();
    let clients = server.clients();
    let mut polite = join_as_client(&server).await;
    let rude = join_as_client(&server).await;
    assert_eq!(clients.count(), 2);
    polite.close(None).await.unwrap();
    drop(rude);
    while clients.count() > 0 {
        yield_now().await;
    }
    assert!(
        polite
            .next()
            .await
            .is_none_or(|message| message.is_ok_and(|m| m.is_close()))
    );
}

#[tokio::test]
async fn more_clients_than_allowed_wait_until_one_leaves() {
    let server = broadcast("127.0.0.1:0")
        .max_clients(1)
        .bind()
        .await
        .unwrap();
    let clients = server.clients();
    let first = join_as_client(&server).await;
    let second = join_as_client(&server);
    let leave = async {
        for _ in 0..100 {
            yield_now().await;
        }
        assert_eq!(clients.count(), 1);
        drop(first);
    };
    let ((), _second) = join(leave, second).await;
    assert_eq!(clients.count(), 1);
}

#[tokio::test]
async fn what_is_no_websocket_is_counted() {
    let server = broadcast("127.0.0.1:0").bind().await.unwrap();
    let mut stranger = TcpStream::connect(server.address()).await.unwrap();
    stranger
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    let _ = stranger.read_to_end(&mut Vec::new()).await;
    assert_eq!(
        (server.clients().count(), server.clients().failed()),
        (0, 1)
    );
}

#[tokio::test]
async fn dropping_the_sink_disconnects_all() {
    let server = broadcast("127.0.0.1:0").bind().await.unwrap();
    let address = server.address();
    let mut client = join_as_client(&server).await;
    drop(server);
    assert!(client.next().await.is_none_or(|message| message.is_err()));
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn an_address_that_is_taken_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap();
    let error = broadcast(address).bind().await.unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with(&format!("cannot listen on {address}: ")),
        "{error}"
    );
}

#[tokio::test]
async fn a_websocket_is_relayed_without_a_word() {
    let (listener, url) = listen().await;
    let relay = broadcast("127.0.0.1:0")
        .slow_clients(SlowClients::Wait)
        .bind()
        .await
        .unwrap();
    let client = join_as_client(&relay).await;
    let serve = async {
        let mut server = accept(&listener).await;
        for n in 0..3 {
            server.send(Message::text(n.to_string())).await.unwrap();
        }
        server.close(None).await.unwrap();
    };
    let relayed = ws::messages(url).run_into(relay);
    let ((), (ended, received)) = join(serve, join(relayed, receive_all(client))).await;
    ended.unwrap();
    assert_eq!(received.0, ["0", "1", "2"]);
}

#[tokio::test]
async fn a_server_that_nobody_listens_to_takes_everything() {
    let server = broadcast("127.0.0.1:0")
        .slow_clients(SlowClients::Wait)
        .bind()
        .await
        .unwrap();
    let clients = server.clients();
    let events = (0..10_000).flow().map(|n| n.to_string());
    events.run_into(server).await.unwrap();
    assert_eq!(clients.meter().counts().received, 0);
}
