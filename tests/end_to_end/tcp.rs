use std::{net::SocketAddr, time::Duration};

use futures_util::future::join;
use thalweg::{
    Sink,
    prelude::*,
    sinks,
    sources::{ReadError, TcpLines, tcp_connections, tcp_lines},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

#[tokio::test]
async fn lines_of_a_server_come_as_it_sends_them() {
    let (server, address) = listen().await;
    let mut flow = tcp_lines(address);
    let first = async {
        let (mut client, _) = server.accept().await.unwrap();
        client.write_all(b"one\r\ntw").await.unwrap();
        client
    };
    let (mut client, line) = join(first, flow.next()).await;
    assert_eq!(line.unwrap().as_deref(), Some("one"));
    client.write_all(b"o\nthree").await.unwrap();
    drop(client);
    assert_eq!(flow.collect::<Vec<_>>().await.unwrap(), ["two", "three"]);
}

#[tokio::test]
async fn the_connection_closes_at_the_end_of_the_flow() {
    let (server, address) = listen().await;
    let mut flow = tcp_lines(address).take(1);
    let serve = async {
        let (mut client, _) = server.accept().await.unwrap();
        client.write_all(b"one\ntwo\n").await.unwrap();
        client
    };
    let (mut client, line) = join(serve, flow.next()).await;
    assert_eq!(line.unwrap().as_deref(), Some("one"));
    // A close with bytes that were not read may be a reset; either way it is the end.
    let read = client.read(&mut [0; 8]).await;
    assert_eq!(read.unwrap_or(0), 0);
    assert_eq!(flow.next().await.unwrap(), None);
}

#[tokio::test]
async fn errors_name_the_address() {
    let (server, address) = listen().await;
    let flow = TcpLines::new(address).max_length(3).flow();
    let serve = async {
        let (mut client, _) = server.accept().await.unwrap();
        client.write_all(b"abcd\n").await.unwrap();
    };
    let ((), counted) = join(serve, flow.clone().count()).await;
    let error = counted.unwrap_err();
    assert!(matches!(
        error,
        ReadError::TooLong {
            line: 1,
            limit: 3,
            ..
        }
    ));

    drop(server);
    let error = flow.count().await.unwrap_err();
    let expected = format!("cannot open the connection to {address}: ");
    assert!(error.to_string().starts_with(&expected), "{error}");

    let error = [1]
        .flow()
        .run_into(sinks::tcp_lines(address))
        .await
        .unwrap_err();
    assert!(error.to_string().starts_with(&expected), "{error}");
}

#[tokio::test]
async fn a_sink_sends_lines_or_bytes() {
    let (server, address) = listen().await;
    let receive = async || {
        let mut text = String::new();
        server
            .accept()
            .await
            .unwrap()
            .0
            .read_to_string(&mut text)
            .await
            .unwrap();
        text
    };
    let (text, sent) = join(
        receive(),
        (1..=3).flow().run_into(sinks::tcp_lines(address)),
    )
    .await;
    assert_eq!((text.as_str(), sent.is_ok()), ("1\n2\n3\n", true));
    let sent = ["ab", "", "c"].flow().run_into(sinks::tcp_bytes(address));
    let (text, sent) = join(receive(), sent).await;
    assert_eq!((text.as_str(), sent.is_ok()), ("abc", true));
}

#[tokio::test]
async fn a_sink_writes_into_a_connection_that_is_there() {
    let (server, address) = listen().await;
    let client = TcpStream::connect(address).await.unwrap();
    let (accepted, peer) = server.accept().await.unwrap();
    let mut sink = sinks::write_lines(accepted, peer);
    sink.write(&mut vec!["hello"]).await.unwrap();
    Sink::<&str>::flush(&mut sink).await.unwrap();
    let mut greetings = thalweg::sources::read_lines(client, address);
    assert_eq!(greetings.next().await.unwrap().as_deref(), Some("hello"));
    Sink::<&str>::close(&mut sink).await.unwrap();
    assert_eq!(greetings.next().await.unwrap(), None);
}

#[tokio::test]
async fn connections_come_with_their_lines_and_a_stop_closes_the_listener() {
    let (listener, address) = listen().await;
    let (sender, mut accepted) = mpsc::channel(8);
    let run = tcp_connections(listener).spawn_into(sinks::channel(sender));
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"hello\n").await.unwrap();
    let connection = accepted.recv().await.unwrap();
    assert_eq!(connection.peer(), client.local_addr().unwrap());
    let mut lines = connection.lines();
    assert_eq!(lines.next().await.unwrap().as_deref(), Some("hello"));

    run.stop(Duration::from_mins(1)).await.unwrap();
    assert!(
        TcpStream::connect(address).await.is_err(),
        "the listener is closed"
    );
    client.write_all(b"still here\n").await.unwrap();
    assert_eq!(lines.next().await.unwrap().as_deref(), Some("still here"));
}
