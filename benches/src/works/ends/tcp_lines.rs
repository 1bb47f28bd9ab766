//! Lines from a TCP connection and into one; the other side is a thread.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener},
    sync::{Arc, LazyLock},
    thread::{self, JoinHandle},
};

use tokio::net::TcpStream;

use super::fixture::{LINE, LINES, line, text, weigh};
use crate::{
    harness::{Rival, Work},
    works::mix,
};

#[expect(clippy::cast_precision_loss, reason = "a line is short")]
pub(super) fn works() -> Vec<Work> {
    [tcp_in(), tcp_out()]
        .map(|work| work.bytes(LINE as f64).sockets().goal(1.3, Rival::Hand))
        .into()
}

type Text = Arc<LazyLock<Vec<u8>>>;

/// Serves one connection with all lines.
fn serve(text: &Text) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port");
    let address = listener.local_addr().expect("it has an address");
    let text = Arc::clone(text);
    thread::spawn(move || {
        let (mut client, _) = listener.accept().expect("a client connects");
        client.write_all(&text).expect("it reads");
    });
    address
}

fn tcp_in() -> Work {
    let text: Text = Arc::new(LazyLock::new(text));
    let [ours, hand, codec] = std::array::from_fn(|_| Arc::clone(&text));
    Work::new("ends_tcp_lines_in", LINES)
        .ours(move |_| {
            let lines = thalweg::sources::tcp_lines(serve(&ours));
            async move {
                let sum = lines.fold(0, |sum, line| mix(sum, weigh(line.as_bytes())));
                sum.await.expect("the server sends")
            }
        })
        .by_hand_in_tasks(move |_| {
            use tokio::io::{AsyncBufReadExt, BufReader};

            let address = serve(&hand);
            async move {
                let stream = TcpStream::connect(address).await.expect("it listens");
                let mut lines = BufReader::new(stream).lines();
                let mut sum = 0;
                while let Some(line) = lines.next_line().await.expect("it sends") {
                    sum = mix(sum, weigh(line.as_bytes()));
                }
                sum
            }
        })
        .rival("tokio-util LinesCodec", move |_| {
            use futures::StreamExt;
            use tokio_util::codec::{FramedRead, LinesCodec};

            let address = serve(&codec);
            async move {
                let stream = TcpStream::connect(address).await.expect("it listens");
                let codec = LinesCodec::new_with_max_length(1024 * 1024);
                let mut lines = FramedRead::new(stream, codec);
                let mut sum = 0;
                while let Some(line) = lines.next().await {
                    sum = mix(sum, weigh(line.expect("it sends").as_bytes()));
                }
                sum
            }
        })
}

/// Counts the bytes that one connection brings.
fn listen() -> (SocketAddr, JoinHandle<u64>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port");
    let address = listener.local_addr().expect("it has an address");
    let count = thread::spawn(move || {
        let (mut client, _) = listener.accept().expect("a client connects");
        let mut bytes = vec![0; 256 * 1024];
        let mut count = 0;
        loop {
            match client.read(&mut bytes).expect("it sends") {
                0 => return count,
                read => count += read as u64,
            }
        }
    });
    (address, count)
}

/// Waits for the other side without holding its thread up: there is nothing else to do.
fn join(count: JoinHandle<u64>) -> u64 {
    count.join().expect("the server does not panic")
}

fn tcp_out() -> Work {
    Work::new("ends_tcp_lines_out", LINES)
        .ours(|items| async move {
            use thalweg::prelude::*;

            let (address, count) = listen();
            let lines = (0..items).flow().map(line);
            let run = lines.run_into(thalweg::sinks::tcp_lines(address));
            run.await.expect("the server reads");
            join(count)
        })
        .by_hand_in_tasks(|items| async move {
            use tokio::io::{AsyncWriteExt, BufWriter};

            let (address, count) = listen();
            let stream = TcpStream::connect(address).await.expect("it listens");
            let mut stream = BufWriter::with_capacity(64 * 1024, stream);
            for n in 0..items {
                let line = line(n);
                stream.write_all(line.as_bytes()).await.expect("it reads");
                stream.write_all(b"\n").await.expect("it reads");
            }
            stream.shutdown().await.expect("it reads");
            join(count)
        })
        .rival("tokio-util LinesCodec", |items| async move {
            use futures::SinkExt;
            use tokio_util::codec::{FramedWrite, LinesCodec};

            let (address, count) = listen();
            let stream = TcpStream::connect(address).await.expect("it listens");
            let mut lines = FramedWrite::new(stream, LinesCodec::new());
            for n in 0..items {
                lines.feed(line(n)).await.expect("it reads");
            }
            SinkExt::<String>::close(&mut lines)
                .await
                .expect("it reads");
            drop(lines);
            join(count)
        })
}
