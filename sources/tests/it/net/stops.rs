//! What every source of sockets keeps: nothing without a budget, the end at the first poll that stops it, and then for good.

use std::{fmt::Debug, pin::pin, task::Poll, time::Duration};

use thalweg::{
    Drained, Flow, Observable,
    sources::{
        TcpFrames, framing::lines, http, reconnecting, tcp_connections, tcp_frames, udp_datagrams, ws,
    },
};
use tokio::net::{TcpListener, UdpSocket};

use crate::contract::poll;

async fn assert_stops<O>(flow: Flow<O>)
where
    O: Observable<Error: Debug> + Debug + Send,
{
    let mut flow = pin!(flow);
    let name = format!("{flow:?}");
    assert_eq!(flow.plan().stages().len(), 1, "{name} does not describe itself");
    for budget in [0, 8] {
        assert_eq!(poll(flow.as_mut(), budget, false).await.0, 0, "{name}");
    }
    for (budget, stopping) in [(8, true), (0, true), (8, false), (0, false)] {
        let (items, polled) = poll(flow.as_mut(), budget, stopping).await;
        let is_over = matches!(polled, Poll::Ready(Ok(Drained::Completed)));
        assert!(items == 0 && is_over, "{name}: {polled:?}");
    }
}

#[tokio::test]
async fn at_the_first_poll_and_for_good() {
    let listen = async || TcpListener::bind("127.0.0.1:0").await.unwrap();
    let listener = listen().await;
    let address = listener.local_addr().unwrap();
    let minute = Duration::from_mins(1);
    assert_stops(tcp_frames(address, lines())).await;
    assert_stops(Flow::new(TcpFrames::new(address, lines()).reconnect(reconnecting()))).await;
    assert_stops(ws::messages(format!("ws://{address}"))).await;
    assert_stops(ws::Client::new(format!("ws://{address}")).reconnect(reconnecting()).events()).await;
    assert_stops(http::poll(format!("http://{address}"), minute)).await;
    assert_stops(http::sse::connect(format!("http://{address}"))).await;
    assert_stops(tcp_connections(listen().await)).await;
    assert_stops(ws::listen(listen().await)).await;
    assert_stops(udp_datagrams(UdpSocket::bind("127.0.0.1:0").await.unwrap())).await;
}

#[cfg(unix)]
#[tokio::test]
async fn those_of_unix_as_well() {
    use thalweg::sources::{command, signals, unix_connections, unix_frames};
    use tokio::{net::UnixListener, process::Command, signal::unix::SignalKind};

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    assert_stops(unix_connections(UnixListener::bind(&path).unwrap())).await;
    let _listener = UnixListener::bind(directory.path().join("another")).unwrap();
    assert_stops(unix_frames(directory.path().join("another"), lines())).await;
    assert_stops(signals([SignalKind::window_change()])).await;
    let mut sleep = Command::new("sleep");
    sleep.arg("1000");
    assert_stops(command(sleep)).await;
}

#[tokio::test]
async fn nothing_is_opened_before_the_first_poll() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(tcp_frames(address, lines()));
    drop(ws::messages(format!("ws://{address}")));
    drop(http::sse::connect(format!("http://{address}")));
    let mut listener = pin!(tcp_connections(listener));
    assert!(poll(listener.as_mut(), 8, false).await.1.is_pending(), "somebody connected");
}
