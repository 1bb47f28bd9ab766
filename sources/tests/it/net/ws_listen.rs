use std::{pin::pin, time::Duration};

use futures_util::{FutureExt as _, SinkExt, StreamExt, future::join};
use thalweg::{
    Cx, DropReason, Observable, Plan,
    prelude::*,
    sources::ws::{self, Client, Listen, Message, WsError},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_tungstenite::{connect_async, tungstenite::client::IntoClientRequest};

async fn bind() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/chat?room=1", listener.local_addr().unwrap());
    (listener, url)
}

fn rejected<O: Observable>(flow: &Flow<O>) -> u64 {
    let mut plan = Plan::of(flow);
    plan.refresh();
    plan.stages()[0].counts().unwrap().dropped_by(DropReason::Rejected)
}

#[tokio::test]
async fn clients_come_with_both_directions() {
    let (listener, url) = bind().await;
    let mut clients = Listen::new(listener).subprotocols(["v2", "v1"]).flow();
    let offer = Client::new(&url).subprotocol("v1").subprotocol("v3");
    let (connected, client) = join(offer.connect(), clients.next()).await;
    let (mut sender, mut received) = connected.unwrap();
    let client = client.unwrap().unwrap();
    assert_eq!((client.path.as_str(), client.subprotocol.as_deref()), ("/chat?room=1", Some("v1")));

    sender.send("hello").await.unwrap();
    sender.send(Message::Ping("x".into())).await.unwrap();
    sender.send(vec![7; 1 << 20]).await.unwrap();
    let talk = async {
        for expected in [Message::text("hello"), Message::binary(vec![7; 1 << 20])] {
            assert_eq!(received.next().await.unwrap(), Some(expected));
        }
        sender.close().await.unwrap();
        received.next().await.unwrap()
    };
    let (end, echoed) = join(talk, client.received.run_into(client.sender)).await;
    assert_eq!(end, None);
    echoed.unwrap();
}

#[tokio::test]
async fn a_sender_closes_as_one_that_has_come_to_its_end() {
    let (listener, url) = bind().await;
    let mut clients = ws::listen(listener);
    let (connected, client) = join(connect_async(&url), clients.next()).await;
    let (mut socket, client) = (connected.unwrap().0, client.unwrap().unwrap());
    let (closed, message) = join(client.sender.close(), socket.next()).await;
    closed.unwrap();
    let Message::Close(Some(frame)) = message.unwrap().unwrap() else {
        panic!("the connection is not closed");
    };
    assert_eq!(u16::from(frame.code), 1000);
}

#[tokio::test]
async fn a_client_that_dawdles_holds_up_nobody() {
    let (listener, url) = bind().await;
    let _silent = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let mut clients = ws::listen(listener);
    let (connected, client) = join(connect_async(&url), clients.next()).await;
    let address = match connected.unwrap().0.get_ref() {
        tokio_tungstenite::MaybeTlsStream::Plain(stream) => stream.local_addr().unwrap(),
        _ => unreachable!(),
    };
    assert_eq!(client.unwrap().unwrap().peer, address);
}

#[tokio::test(start_paused = true)]
async fn and_is_dropped_in_the_end() {
    let (listener, _) = bind().await;
    let mut silent = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let mut clients = Listen::new(listener).handshake_timeout(Duration::from_secs(3)).flow();
    let mut buffer = [0; 8];
    let waiting = async {
        tokio::select! {
            _ = clients.next() => unreachable!("there is no client"),
            read = silent.read(&mut buffer) => read,
        }
    };
    assert_eq!(waiting.await.unwrap(), 0);
    assert_eq!(rejected(&clients), 1);
}

#[tokio::test]
async fn pages_of_other_origins_are_refused() {
    let (listener, url) = bind().await;
    let mut clients = Listen::new(listener)
        .origins(|origin| origin == Some("https://example.org"))
        .flow();
    let from = |origin: Option<&'static str>| {
        let mut request = url.as_str().into_client_request().unwrap();
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse().unwrap());
        }
        connect_async(request)
    };
    for origin in [None, Some("https://example.com"), Some("null")] {
        let refused = tokio::select! {
            refused = from(origin) => refused,
            _ = clients.next() => unreachable!("it is refused"),
        };
        assert!(refused.unwrap_err().to_string().contains("403"), "{origin:?}");
    }
    let (connected, client) = join(from(Some("https://example.org")), clients.next()).await;
    assert!(connected.is_ok() && client.unwrap().is_some());
    assert_eq!(rejected(&clients), 3);
}

#[tokio::test]
async fn a_message_that_is_too_large_is_an_error_of_that_client_alone() {
    let (listener, url) = bind().await;
    let mut clients = Listen::new(listener).max_message_size(1000).flow();
    let (connected, client) = join(connect_async(&url), clients.next()).await;
    let mut large = connected.unwrap().0;
    let client = client.unwrap().unwrap();
    let send = large.send(Message::text("x".repeat(1001)));
    let (_, counted) = join(send, client.received.count()).await;
    let error = counted.unwrap_err();
    assert!(matches!(error, WsError::Receive { .. }));
    assert!(error.to_string().contains(&client.peer.to_string()), "{error}");

    let (connected, client) = join(connect_async(&url), clients.next()).await;
    let mut fits = connected.unwrap().0;
    let mut received = client.unwrap().unwrap().received;
    let (_, item) = join(fits.send(Message::text("x".repeat(1000))), received.next()).await;
    assert_eq!(item.unwrap().unwrap().len(), 1000);
}

#[tokio::test]
async fn who_sends_what_may_not_be_is_told_so_by_the_close() {
    let (listener, url) = bind().await;
    let mut clients = Listen::new(listener).max_message_size(100).flow();
    let masked = |first: u8, payload: &[u8]| {
        let length = u8::try_from(payload.len()).unwrap();
        [&[first, 0x80 | length, 0, 0, 0, 0], payload].concat()
    };
    let cases = [(masked(0x83, b""), 1002), (masked(0x81, &[0xff]), 1007), (masked(0x81, &[b'x'; 101]), 1009)];
    for (bytes, code) in cases {
        let (connected, client) = join(connect_async(&url), clients.next()).await;
        let (mut socket, client) = (connected.unwrap().0, client.unwrap().unwrap());
        socket.get_mut().write_all(&bytes).await.unwrap();
        let (outcome, message) = join(client.received.run_into(client.sender), socket.next()).await;
        assert!(outcome.is_err());
        let Message::Close(Some(frame)) = message.unwrap().unwrap() else {
            panic!("the connection is not closed");
        };
        assert_eq!(u16::from(frame.code), code);
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_gone_without_a_word_is_found_out() {
    let (listener, url) = bind().await;
    let mut clients = Listen::new(listener).idle_timeout(Duration::from_mins(1)).flow();
    let (connected, client) = join(connect_async(&url), clients.next()).await;
    let error = client.unwrap().unwrap().received.count().await.unwrap_err();
    assert!(error.to_string().contains("nothing came for 60s"), "{error}");
    drop(connected);
}

#[tokio::test]
async fn a_stop_closes_the_listener_and_not_the_connections() {
    let (listener, url) = bind().await;
    let (sender, mut accepted) = tokio::sync::mpsc::channel(8);
    let run = ws::listen(listener).spawn_into(thalweg::sinks::channel(sender));
    let mut client = connect_async(&url).await.unwrap().0;
    let mut ours = accepted.recv().await.unwrap();
    run.stop(Duration::from_mins(1)).await.unwrap();
    assert!(connect_async(&url).await.is_err());
    ours.sender.send("still here").await.unwrap();
    assert_eq!(client.next().await.unwrap().unwrap(), Message::text("still here"));
}

#[tokio::test]
async fn those_that_shake_hands_are_bounded_and_counted() {
    let (listener, _) = bind().await;
    let address = listener.local_addr().unwrap();
    let mut silent = Vec::new();
    for _ in 0..5 {
        silent.push(TcpStream::connect(address).await.unwrap());
    }
    let mut clients = pin!(Listen::new(listener).max_handshakes(2).flow());
    assert!(clients.next().now_or_never().is_none());
    assert_eq!(clients.plan().bound(), Some(2));
    let mut plan = clients.plan();
    plan.refresh();
    assert_eq!(plan.stages()[0].counts().unwrap().in_flight(), 2);
    let stop = |task: &mut std::task::Context<'_>| {
        let mut cx = Cx::new(task).with_stop(true);
        clients.as_mut().poll_drain(&mut cx, |_| std::ops::ControlFlow::Continue(()))
    };
    assert!(std::future::poll_fn(stop).now_or_never().is_some());
    plan.refresh();
    assert_eq!(plan.stages()[0].counts().unwrap().dropped_by(DropReason::Cancelled), 2);
}
