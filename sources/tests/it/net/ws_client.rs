use std::time::Duration;

use futures_util::{FutureExt, SinkExt, StreamExt, future::join};
use thalweg::{
    Sink,
    operators::error::Backoff,
    sources::{
        reconnecting,
        ws::{self, Client, Event, Message, WsError},
    },
};
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
    time::Instant,
};
use tokio_tungstenite::{
    WebSocketStream, accept_async, accept_hdr_async,
    tungstenite::{
        handshake::server::{ErrorResponse, Request, Response},
        http::StatusCode,
        protocol::{
            CloseFrame,
            frame::{
                Frame,
                coding::{CloseCode, Data, OpCode},
            },
        },
    },
};

type Server = WebSocketStream<TcpStream>;

const MILLI: Duration = Duration::from_millis(1);

fn at_once() -> Backoff<thalweg::operators::error::Exponential> {
    Backoff::exponential(MILLI, MILLI)
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/quotes", listener.local_addr().unwrap());
    (listener, url)
}

async fn accept(listener: &TcpListener) -> Server {
    accept_async(listener.accept().await.unwrap().0).await.unwrap()
}

/// Closes with a code, and takes the answer.
async fn close(mut server: Server, code: u16) {
    let reason = "because".into();
    let code = CloseCode::from(code);
    server.close(Some(CloseFrame { code, reason })).await.unwrap();
    while let Some(Ok(_)) = server.next().await {}
}

/// Tells what happened, in words.
fn word(event: Event) -> String {
    match event {
        Event::Connected { subprotocol } => format!("connected {subprotocol:?}"),
        Event::Message(message) => message.into_text().unwrap().to_string(),
        Event::Disconnected { error: WsError::Closed { code, .. }, .. } => format!("closed {code}"),
        other => format!("{other:?}").split_whitespace().next().unwrap().to_owned(),
    }
}

#[tokio::test]
async fn subscriptions_are_sent_again_after_each_reconnect_and_states_are_items() {
    let (listener, url) = listen().await;
    let client = Client::new(url).subscribe("a").subscribe("b").reconnect(at_once());
    let serve = async {
        for code in [1001, 1011, 1012, 4000, 1000] {
            let mut server = accept(&listener).await;
            for topic in ["a", "b"] {
                assert_eq!(server.next().await.unwrap().unwrap(), Message::text(topic));
                server.send(Message::text(format!("{topic} {code}"))).await.unwrap();
            }
            close(server, code).await;
        }
    };
    let ((), all) = join(serve, client.events().map(word).collect::<Vec<_>>()).await;
    let mut expected = Vec::new();
    for code in [1001, 1011, 1012, 4000, 1000] {
        expected.extend(["connected None".to_owned(), format!("a {code}"), format!("b {code}")]);
        expected.extend((code != 1000).then(|| format!("closed {code}")));
    }
    assert_eq!(all.unwrap(), expected);
}

#[tokio::test]
async fn a_handle_sends_over_whatever_connection_there_is_and_waits_while_there_is_none() {
    let (listener, url) = listen().await;
    let (sender, client) = Client::new(&url).subscribe("topic").reconnect(at_once()).sender(2);
    // There is no connection yet: what fits is kept, and more waits.
    sender.send("1").await.unwrap();
    sender.send("2").await.unwrap();
    assert!(sender.send("too many").now_or_never().is_none());
    let serve = async {
        let mut server = accept(&listener).await;
        for text in ["topic", "1", "2"] {
            assert_eq!(server.next().await.unwrap().unwrap(), Message::text(text));
        }
        close(server, 1012).await;
        sender.send("3").await.unwrap();
        let mut server = accept(&listener).await;
        for text in ["topic", "3"] {
            assert_eq!(server.next().await.unwrap().unwrap(), Message::text(text));
        }
        // Also while the connection is open and nothing comes from the server.
        let mut sender = sender.clone();
        Sink::write(&mut sender, &mut vec!["4", "5", "6", "7"]).await.unwrap();
        for text in ["4", "5", "6", "7"] {
            assert_eq!(server.next().await.unwrap().unwrap(), Message::text(text));
        }
        close(server, 1000).await;
    };
    let ((), counted) = join(serve, client.messages().count()).await;
    assert_eq!(counted.unwrap(), 0);
    let error = sender.send("late").await.unwrap_err();
    assert_eq!(error.to_string(), format!("cannot send to {url}: its flow has ended"));
    assert_eq!(error.into_message(), Message::text("late"));
}

#[tokio::test]
async fn what_is_queued_goes_on_to_the_next_of_flows_that_are_clones() {
    let (listener, url) = listen().await;
    let (sender, client) = Client::new(&url).sender(8);
    let first = client.messages();
    let mut second = first.clone();
    sender.send("1").await.unwrap();
    let serve = async {
        let mut server = accept(&listener).await;
        assert_eq!(server.next().await.unwrap().unwrap(), Message::text("1"));
        close(server, 1011).await;
        sender.send("2").await.unwrap();
        let mut server = accept(&listener).await;
        assert_eq!(server.next().await.unwrap().unwrap(), Message::text("2"));
        close(server, 1000).await;
    };
    let run = async {
        assert!(first.count().await.is_err());
        assert_eq!(second.next().await.unwrap(), None);
    };
    join(serve, run).await;
    assert!(sender.send("3").await.is_err());
}

#[tokio::test]
async fn codes_that_blame_the_client_are_the_end() {
    for code in [1002, 1003, 1007, 1008, 1009, 1010] {
        let (listener, url) = listen().await;
        let flow = Client::new(&url).reconnect(reconnecting()).messages();
        let serve = async { close(accept(&listener).await, code).await };
        let ((), counted) = join(serve, flow.count()).await;
        let text = format!("{url} closed the connection with code {code}: because");
        assert_eq!(counted.unwrap_err().to_string(), text);
    }
    // Which codes do is the user's to say.
    let (listener, url) = listen().await;
    let client = Client::new(url).reconnect(at_once()).retry_codes(|code| code == 1008);
    let serve = async {
        close(accept(&listener).await, 1008).await;
        close(accept(&listener).await, 1011).await;
    };
    let ((), counted) = join(serve, client.messages().count()).await;
    assert!(matches!(counted, Err(WsError::Closed { code: 1011, .. })));
}

#[expect(clippy::result_large_err, reason = "the protocol wants the whole answer")]
fn refuse(status: u16) -> impl FnOnce(&Request, Response) -> Result<Response, ErrorResponse> + Unpin {
    move |_, _| {
        let mut refusal = ErrorResponse::new(None);
        *refusal.status_mut() = StatusCode::from_u16(status).unwrap();
        Err(refusal)
    }
}

#[tokio::test]
async fn a_refusal_is_the_end_and_an_outage_is_not() {
    for status in [401, 403] {
        let (listener, url) = listen().await;
        let flow = Client::new(url).reconnect(reconnecting()).messages();
        let serve = async {
            let (stream, _) = listener.accept().await.unwrap();
            assert!(accept_hdr_async(stream, refuse(status)).await.is_err());
        };
        let ((), counted) = join(serve, flow.count()).await;
        let error = counted.unwrap_err().to_string();
        assert!(error.contains(&status.to_string()), "{error}");
    }
    let (listener, url) = listen().await;
    let flow = Client::new(url).reconnect(at_once()).messages();
    let serve = async {
        let (stream, _) = listener.accept().await.unwrap();
        assert!(accept_hdr_async(stream, refuse(503)).await.is_err());
        drop(listener.accept().await.unwrap());
        close(accept(&listener).await, 1000).await;
    };
    let ((), counted) = join(serve, flow.count()).await;
    assert_eq!(counted.unwrap(), 0);
    let flow = Client::new("ftp://127.0.0.1").reconnect(reconnecting()).messages();
    assert!(matches!(flow.count().await, Err(WsError::Connect { .. })));
}

#[tokio::test]
#[expect(clippy::result_large_err, reason = "the protocol wants the whole answer")]
async fn headers_and_subprotocols_reach_the_server() {
    let (listener, url) = listen().await;
    let client = Client::new(url)
        .header("authorization", "Bearer 0123")
        .subprotocol("v1")
        .subprotocol("v2");
    let serve = async {
        let (stream, _) = listener.accept().await.unwrap();
        let check = |request: &Request, mut response: Response| {
            assert_eq!(request.headers()["authorization"], "Bearer 0123");
            assert_eq!(request.headers()["sec-websocket-protocol"], "v1, v2");
            let chosen = "v2".parse().unwrap();
            response.headers_mut().insert("sec-websocket-protocol", chosen);
            Ok(response)
        };
        close(accept_hdr_async(stream, check).await.unwrap(), 1000).await;
    };
    let ((), all) = join(serve, client.events().map(word).collect::<Vec<_>>()).await;
    assert_eq!(all.unwrap(), [r#"connected Some("v2")"#]);
    let secret = format!("{:?}", Client::new("ws://x").header("authorization", "0123"));
    assert!(!secret.contains("0123"));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_answers_no_ping_is_given_up() {
    let (listener, url) = listen().await;
    let client = Client::new(&url)
        .ping_every(Duration::from_secs(20))
        .idle_timeout(Duration::from_mins(1));
    let mut flow = client.messages();
    let greet = async {
        let mut server = accept(&listener).await;
        server.send(Message::text("one")).await.unwrap();
        server
    };
    let (mut server, first) = join(greet, flow.next()).await;
    assert_eq!(first.unwrap(), Some(Message::text("one")));
    // Nobody reads at the server, and so nobody answers.
    let silent = Instant::now();
    let error = flow.next().await.unwrap_err();
    assert!(silent.elapsed() >= Duration::from_mins(1));
    let text = format!("lost the connection to {url}: IO error: nothing came for 60s");
    assert_eq!(error.to_string(), text);
    assert!(server.next().await.unwrap().unwrap().is_ping());
}

#[tokio::test(start_paused = true)]
async fn one_that_answers_is_not() {
    let (listener, url) = listen().await;
    let client = Client::new(&url)
        .ping_every(Duration::from_secs(20))
        .idle_timeout(Duration::from_mins(1));
    let serve = async {
        let mut server = accept(&listener).await;
        let mut pings = 0;
        while pings < 30 {
            pings += u32::from(server.next().await.unwrap().unwrap().is_ping());
        }
        close(server, 1000).await;
    };
    let begun = Instant::now();
    let ((), counted) = join(serve, client.messages().count()).await;
    assert_eq!(counted.unwrap(), 0);
    assert!(begun.elapsed() >= Duration::from_mins(10));
}

#[tokio::test(start_paused = true)]
async fn it_waits_as_the_backoff_says_and_tells_how_long() {
    let (listener, url) = listen().await;
    drop(listener);
    let second = Duration::from_secs(1);
    let backoff = Backoff::exponential(second, 4 * second).without_jitter().max_retries(4);
    let begun = Instant::now();
    let mut waits = Vec::new();
    let client = Client::new(url).reconnect(backoff);
    let ended = client.events().for_each(|event| {
        if let Event::Disconnected { retry_after, .. } = event {
            waits.push(retry_after.as_secs());
        }
    });
    assert!(matches!(ended.await, Err(WsError::Connect { .. })));
    assert_eq!(waits, [1, 2, 4, 4]);
    let waited = begun.elapsed();
    assert!(waited >= 11 * second && waited < 12 * second, "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_takes_no_connection_has_so_much_time() {
    let (listener, url) = listen().await;
    let flow = Client::new(&url).connect_timeout(Duration::from_secs(7)).messages();
    let error = flow.count().await.unwrap_err();
    drop(listener);
    assert_eq!(error.to_string(), format!("cannot connect to {url}: IO error: no connection within 7s"));
}

#[tokio::test]
async fn fragments_become_one_message_also_with_a_ping_in_between() {
    let (listener, url) = listen().await;
    let part = |text: &'static str, code, is_last| {
        Message::Frame(Frame::message(text, OpCode::Data(code), is_last))
    };
    let serve = async {
        let mut server = accept(&listener).await;
        server.send(part("to ", Data::Text, false)).await.unwrap();
        server.send(part("the ", Data::Continue, false)).await.unwrap();
        server.send(Message::Ping("hello".into())).await.unwrap();
        server.send(part("sea", Data::Continue, true)).await.unwrap();
        assert_eq!(server.next().await.unwrap().unwrap(), Message::Pong("hello".into()));
        close(server, 1000).await;
    };
    let ((), all) = join(serve, ws::messages(url).collect::<Vec<_>>()).await;
    assert_eq!(all.unwrap(), [Message::text("to the sea")]);
}

#[tokio::test]
async fn large_messages_come_whole_up_to_the_limit() {
    let (listener, url) = listen().await;
    let large = Message::binary(vec![7; 16 << 20]);
    let serve = async {
        let mut server = accept(&listener).await;
        server.send(large.clone()).await.unwrap();
        close(server, 1000).await;
    };
    let ((), all) = join(serve, ws::messages(&url).collect::<Vec<_>>()).await;
    assert!(all.unwrap() == [large.clone()]);

    // One that is larger is the end, also of a client that reconnects: it would come again.
    let client = Client::new(&url).max_message_size(1 << 20).reconnect(reconnecting());
    let serve = async {
        let mut server = accept(&listener).await;
        let _ = server.send(large.clone()).await;
    };
    let ((), counted) = join(serve, client.messages().count()).await;
    let error = counted.unwrap_err().to_string();
    assert!(error.contains("too long"), "{error}");
}

#[tokio::test]
async fn a_drop_says_goodbye_and_an_abrupt_end_is_an_error() {
    let (listener, url) = listen().await;
    let mut flow = ws::messages(&url);
    let greet = async {
        let mut server = accept(&listener).await;
        server.send(Message::text("one")).await.unwrap();
        server
    };
    let (mut server, _) = join(greet, flow.next()).await;
    drop(flow);
    assert!(server.next().await.unwrap().unwrap().is_close());

    let serve = async { drop(accept(&listener).await) };
    let ((), counted) = join(serve, ws::messages(&url).count()).await;
    let error = counted.unwrap_err().to_string();
    assert!(error.starts_with(&format!("lost the connection to {url}: ")), "{error}");
}

#[tokio::test]
async fn a_slow_reader_holds_back_the_server() {
    let (listener, url) = listen().await;
    let mut flow = ws::messages(&url);
    let greet = async {
        let mut server = accept(&listener).await;
        server.send(Message::text("one")).await.unwrap();
        server
    };
    let (mut server, _) = join(greet, flow.next()).await;
    let chunk = vec![7; 1 << 20];
    let mut sent = 0_usize;
    let flood = async {
        while sent < 64 {
            server.send(Message::binary(chunk.clone())).await.unwrap();
            sent += 1;
        }
    };
    // Runs until it waits for the reader, who is not there.
    let mut flood = Box::pin(flood);
    for _ in 0..1000 {
        if futures_util::poll!(&mut flood).is_ready() {
            break;
        }
        tokio::task::yield_now().await;
    }
    let received = async {
        let mut all = 0;
        while all < 64 {
            all += flow.next().await.unwrap().map_or(0, |message| message.len() >> 20);
        }
        all
    };
    assert!(futures_util::poll!(&mut flood).is_pending(), "nobody holds back the server");
    let ((), received) = join(flood, received).await;
    assert_eq!((sent, received), (64, 64));
}

#[tokio::test]
async fn the_connection_closes_at_the_end() {
    let (listener, url) = listen().await;
    let mut flow = ws::messages(&url).take(1);
    let serve = async {
        let mut server = accept(&listener).await;
        server.send(Message::text("one")).await.unwrap();
        while let Some(Ok(_)) = server.next().await {}
        server.into_inner().read(&mut [0; 8]).await.unwrap_or(0)
    };
    let (rest, first) = join(serve, flow.next()).await;
    assert_eq!((rest, first.unwrap()), (0, Some(Message::text("one"))));
}
