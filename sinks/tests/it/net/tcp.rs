//! Connections that break, and servers that come back.

use std::{
    collections::BTreeSet,
    time::Duration,
};

use futures_util::FutureExt;
use thalweg::{
    Sink,
    operators::error::Backoff,
    prelude::*,
    sinks::{WriteError, retrying, tcp_bytes, tcp_lines},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    net::{TcpListener, TcpSocket, TcpStream},
    time::timeout,
};

/// A guard against a hang; no test waits for it.
const LONG: Duration = Duration::from_mins(1);

async fn server() -> (TcpListener, String) {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().unwrap().to_string();
    (server, address)
}

/// Ends a connection at once: the other side gets a reset.
fn reset(stream: TcpStream) {
    stream.set_zero_linger().unwrap();
    drop(stream);
}

#[tokio::test]
async fn a_reset_in_the_middle_is_told_and_the_batch_stays() {
    let (server, address) = server().await;
    let mut sink = tcp_bytes(&address);
    let mut batch = vec![vec![7_u8; 64 * 1024]; 1000];
    let (written, ()) = tokio::join!(timeout(LONG, sink.write(&mut batch)), async {
        let mut stream = server.accept().await.unwrap().0;
        stream.read_exact(&mut vec![0; 100_000]).await.unwrap();
        reset(stream);
    });
    let error = written.unwrap().unwrap_err();
    assert!(error.to_string().starts_with(&format!("cannot write to the connection to {address}")));
    assert!(matches!(error, WriteError::Write { .. }));
    assert_eq!(batch.len(), 1000);
}

#[tokio::test]
async fn a_slow_reader_holds_back_the_flow() {
    let (server, address) = server().await;
    let pulled = std::sync::atomic::AtomicUsize::new(0);
    let flow = (0..1000).flow().map(|_| {
        pulled.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        vec![7_u8; 64 * 1024]
    });
    // Each batch is what is ready: here all of it, so that the writes are what holds back.
    let flow = flow.chunks().max(1).map(|chunk| chunk.concat());
    let mut run = std::pin::pin!(flow.run_into(tcp_bytes(&address)));
    let mut stream = tokio::select! {
        _ = &mut run => panic!("the run ended before anybody read"),
        accepted = server.accept() => accepted.unwrap().0,
    };
    let (ended, read) = tokio::join!(timeout(LONG, run), async {
        let mut total = 0;
        let mut bytes = vec![0; 1 << 20];
        loop {
            match stream.read(&mut bytes).await.unwrap() {
                0 => break total,
                n => total += n,
            }
        }
    });
    ended.unwrap().unwrap();
    assert_eq!(read, 1000 * 64 * 1024);
}

#[tokio::test]
async fn it_connects_anew_when_the_server_is_there_again() {
    // The address is taken, but nobody listens yet.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    let policy = Backoff::exponential(Duration::from_millis(1), Duration::from_millis(20));
    let mut sink = retrying(tcp_lines(address).resend(1 << 20), policy);
    let mut batch = vec!["1", "2"];
    let server = {
        let mut write = std::pin::pin!(sink.write(&mut batch));
        assert!(write.as_mut().now_or_never().is_none());
        let server = socket.listen(8).unwrap();
        timeout(LONG, write).await.unwrap().unwrap();
        server
    };
    let (stream, _) = server.accept().await.unwrap();
    let mut lines = BufReader::new(stream).lines();
    assert_eq!(lines.next_line().await.unwrap().as_deref(), Some("1"));
    // The server falls over, having read a part.
    reset(lines.into_inner().into_inner());
    let written = timeout(LONG, sink.write(&mut vec!["3"])).await;
    written.unwrap().unwrap();
    let mut seen = BTreeSet::new();
    let (closed, ()) = tokio::join!(Sink::<&str>::close(&mut sink), async {
        let (stream, _) = server.accept().await.unwrap();
        let mut lines = BufReader::new(stream).lines();
        while let Some(line) = lines.next_line().await.unwrap() {
            seen.insert(line);
        }
    });
    closed.unwrap();
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["1", "2", "3"]);
}

#[tokio::test]
async fn no_line_is_lost_with_a_server_that_falls_over_again_and_again() {
    const LINES: u32 = 5000;
    let (server, address) = server().await;
    let policy = Backoff::exponential(Duration::from_millis(1), Duration::from_millis(5));
    let sink = retrying(tcp_lines(&address).resend(8 << 20), policy);
    let flow = (0..LINES).flow().chunks().max(100).map(|chunk| {
        let texts: Vec<_> = chunk.iter().map(|n| format!("{n:0200}")).collect();
        texts.join("\n")
    });
    let mut run = std::pin::pin!(flow.run_into(sink));
    let mut seen = BTreeSet::new();
    let mut falls = 0;
    let serve = async {
        loop {
            let (stream, _) = server.accept().await.unwrap();
            let mut lines = BufReader::new(stream).lines();
            let mut read = 0;
            while let Ok(Some(line)) = lines.next_line().await {
                if line.len() == 200 {
                    seen.insert(line.parse::<u32>().unwrap());
                }
                read += 1;
                if read > 300 && falls < 10 {
                    break;
                }
            }
            if seen.len() == LINES as usize {
                break;
            }
            falls += 1;
            reset(lines.into_inner().into_inner());
        }
    };
    let (ended, done) = tokio::join!(timeout(LONG, &mut run), timeout(LONG, serve));
    done.unwrap();
    ended.unwrap().unwrap();
    assert_eq!(seen.len(), LINES as usize);
    assert!(falls > 0);
}

#[tokio::test(start_paused = true)]
async fn attempts_have_a_limit() {
    let (server, address) = server().await;
    drop(server);
    let policy = Backoff::fixed(Duration::from_secs(1)).max_retries(2);
    let error = [1].flow().run_into(retrying(tcp_lines(&address), policy)).await;
    let text = error.unwrap_err().to_string();
    assert!(text.contains("gave up after 2 retries: cannot open the connection to "), "{text}");
}
