use std::{net::SocketAddr, time::Duration};

use futures_util::future::join;
use thalweg::{
    operators::error::Backoff,
    prelude::*,
    sources::{
        TcpFrames,
        framing::{FrameCause, Prefix, chunks, length_prefixed, lines},
        reconnecting, tcp_connections, tcp_frames,
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::Instant,
};

const MILLI: Duration = Duration::from_millis(1);

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Takes a connection, and sends.
async fn serve(listener: &TcpListener, bytes: &[u8]) -> TcpStream {
    let (mut client, _) = listener.accept().await.unwrap();
    client.write_all(bytes).await.unwrap();
    client
}

/// Closes a connection as a process that is killed with bytes unread does.
fn reset(stream: TcpStream) {
    socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    drop(stream);
}

#[tokio::test]
async fn a_reset_is_an_error_that_names_the_address() {
    let (server, address) = listen().await;
    let mut flow = tcp_frames(address, lines());
    let (peer, first) = join(serve(&server, b"one\ntw"), flow.next()).await;
    assert_eq!(first.unwrap().as_deref(), Some("one"));
    reset(peer);
    let error = flow.next().await.unwrap_err();
    assert!(matches!(error.cause(), FrameCause::Read(_)), "{error:?}");
    let text = format!("cannot read frame 2 of the connection to {address}: ");
    assert!(error.to_string().starts_with(&text), "{error}");
    assert_eq!(flow.next().await.unwrap(), None, "it stays ended");
}

#[tokio::test]
async fn a_disconnect_within_a_frame_is_no_good_end() {
    let (server, address) = listen().await;
    let flow = tcp_frames(address, length_prefixed(Prefix::U16));
    let ((), counted) = join(async { drop(serve(&server, b"\0\x03sea\0\x04s").await) }, flow.count()).await;
    let error = counted.unwrap_err();
    assert!(matches!(error.cause(), FrameCause::CutShort(3)), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_is_gone_without_a_word_is_found_out() {
    let (server, address) = listen().await;
    let minute = Duration::from_mins(1);
    let mut flow = TcpFrames::new(address, lines()).idle_timeout(minute).keep_alive(minute).flow();
    let (_silent, first) = join(serve(&server, b"one\n"), flow.next()).await;
    assert_eq!(first.unwrap().as_deref(), Some("one"));
    // A consumer that takes its time is not the peer's fault.
    tokio::time::advance(10 * minute).await;
    let before = Instant::now();
    let error = flow.next().await.unwrap_err();
    assert!(before.elapsed() >= minute);
    let text = format!("nothing came for 60s over the connection to {address}");
    assert_eq!(error.to_string(), text);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_gone_is_found_out_as_well() {
    let (listener, address) = listen().await;
    let mut connections = tcp_connections(listener);
    let _silent = TcpStream::connect(address).await.unwrap();
    let connection = connections.next().await.unwrap().unwrap();
    connection.keep_alive(Duration::from_mins(1)).unwrap();
    let flow = connection.idle_timeout(Duration::from_mins(1)).frames(lines());
    let error = flow.count().await.unwrap_err();
    assert!(matches!(error.cause(), FrameCause::Idle(_)));
}

#[tokio::test]
async fn a_slow_reader_holds_back_the_server_and_loses_nothing() {
    let (server, address) = listen().await;
    let mut flow = tcp_frames(address, chunks());
    let (mut peer, first) = join(serve(&server, b"x"), flow.next()).await;
    assert_eq!(first.unwrap().unwrap().len(), 1);
    // Sends until nothing more fits between the two, which no poll of the flow helps.
    let chunk = vec![7; 64 * 1024];
    let mut sent = 0;
    let mut refused = 0;
    while refused < 100 {
        if let Ok(len) = peer.try_write(&chunk) {
            sent += len;
        } else {
            refused += 1;
            tokio::task::yield_now().await;
        }
        assert!(sent < 64 << 20, "nobody holds back the server");
    }
    peer.shutdown().await.unwrap();
    let received = flow.fold(0, |sum, chunk| sum + chunk.len()).await.unwrap();
    assert_eq!(received, sent);
}

#[tokio::test]
async fn a_line_of_a_gigabyte_is_cut_off_at_the_limit() {
    let (server, address) = listen().await;
    let flow = tcp_frames(address, lines());
    let send = async {
        let (mut client, _) = server.accept().await.unwrap();
        let mut sent = 0_usize;
        let megabyte = vec![b'x'; 1 << 20];
        while sent < 1 << 30 && client.write_all(&megabyte).await.is_ok() {
            sent += megabyte.len();
        }
        sent
    };
    let (taken, counted) = join(send, flow.count()).await;
    let error = counted.unwrap_err();
    let text = format!(
        "frame 1 of the connection to {address} is longer than 1048576 bytes; allow more with `max_length`"
    );
    assert_eq!(error.to_string(), text);
    assert!(taken < 64 << 20, "the server could send {taken} bytes");
}

#[tokio::test]
async fn a_server_that_was_gone_is_connected_to_again() {
    let (server, address) = listen().await;
    let mut flow = TcpFrames::new(address, lines())
        .reconnect(Backoff::exponential(MILLI, 4 * MILLI))
        .flow();
    // A close, a reset and an end within a line.
    let (peer, item) = join(serve(&server, b"one\n"), flow.next()).await;
    assert_eq!(item.unwrap().as_deref(), Some("one"));
    drop(peer);
    let (peer, item) = join(serve(&server, b"two\n"), flow.next()).await;
    assert_eq!(item.unwrap().as_deref(), Some("two"));
    reset(peer);
    // Nobody listens for a while.
    drop(server);
    let refused = async {
        while TcpStream::connect(address).await.is_ok() {}
        TcpListener::bind(address).await.unwrap()
    };
    let again = async {
        let server = refused.await;
        let peer = serve(&server, b"three\n").await;
        (server, peer)
    };
    let ((_server, _peer), item) = join(again, flow.next()).await;
    assert_eq!(item.unwrap().as_deref(), Some("three"));
}

#[tokio::test(start_paused = true)]
async fn it_waits_as_the_backoff_says_and_gives_up_when_it_does() {
    let (server, address) = listen().await;
    drop(server);
    let second = Duration::from_secs(1);
    let backoff = Backoff::exponential(second, 30 * second).without_jitter().max_retries(4);
    let flow = TcpFrames::new(address, lines()).reconnect(backoff);
    let begun = Instant::now();
    let error = flow.flow().count().await.unwrap_err();
    assert!(matches!(error.cause(), FrameCause::Open(_)));
    let waited = begun.elapsed();
    assert!(waited >= 15 * second && waited < 16 * second, "{waited:?}");
}

#[tokio::test]
async fn a_frame_that_is_wrong_is_the_end_also_of_one_that_reconnects() {
    let (server, address) = listen().await;
    let flow = TcpFrames::new(address, lines()).reconnect(reconnecting()).flow();
    let (_peer, counted) = join(serve(&server, b"\xff\n"), flow.count()).await;
    assert!(matches!(counted.unwrap_err().cause(), FrameCause::NotText));
}

#[tokio::test]
async fn a_close_completes_once_the_backoff_gives_up() {
    let (server, address) = listen().await;
    let backoff = Backoff::exponential(MILLI, MILLI).max_retries(1).stable_for(Duration::MAX);
    let flow = TcpFrames::new(address, lines()).reconnect(backoff).flow();
    let twice = async {
        drop(serve(&server, b"one\n").await);
        drop(serve(&server, b"two\n").await);
    };
    let ((), all) = join(twice, flow.collect::<Vec<_>>()).await;
    assert_eq!(all.unwrap(), ["one", "two"]);
}

#[tokio::test]
async fn a_stop_closes_the_connection() {
    let (server, address) = listen().await;
    let (sender, mut items) = tokio::sync::mpsc::channel(8);
    let flow = TcpFrames::new(address, lines()).reconnect(reconnecting()).flow();
    let run = flow.spawn_into(thalweg::sinks::channel(sender));
    let mut peer = serve(&server, b"one\n").await;
    assert_eq!(items.recv().await.as_deref(), Some("one"));
    run.stop(Duration::from_mins(1)).await.unwrap();
    assert_eq!(peer.read(&mut [0; 8]).await.unwrap(), 0);
}
