//! A server that echoes, of the hub's own parts: what the test suite of `tests/peers/autobahn` talks to.

use std::{env, future::poll_fn, net::SocketAddr, sync::Arc, task::Poll};

use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    time::Instant,
};

use super::{
    accept::read_head,
    admission::Admission,
    client::{Client, Connection, Gone, World},
    decoder::Message,
    http::{self, Wish},
    limits::Rate,
    options::Options,
    shared::Shared,
    wire::{Form, Opcode, frame},
};

/// Serves until the process is killed.
#[tokio::test]
#[ignore = "is the server of a script"]
async fn serves() {
    let address: SocketAddr = env::var("ECHO_ADDRESS").unwrap().parse().unwrap();
    let rate = Rate {
        burst: 1_000_000,
        per_second: 1_000_000,
    };
    let options = Options {
        rate,
        max_message: 16 << 20,
        ..Options::default()
    };
    let shared = Arc::new(Shared::open(options, 1).unwrap());
    let listener = TcpListener::bind(address).await.unwrap();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        tokio::spawn(receive(stream, shared.clone()));
    }
}

/// As the accept side does it, without what would keep a client away.
async fn receive(mut stream: TcpStream, shared: Arc<Shared>) -> Option<()> {
    let (parts, rest) = read_head(&mut stream, 8192).await?.ok()?;
    let wish = Wish::of(&parts, Form::Plain).ok()?;
    let greeting = http::welcome(&wish, None, shared.options.retry);
    stream.write_all(&greeting).await.ok()?;
    let seat = shared.census.sit(None).ok()?;
    let waker = poll_fn(|task| Poll::Ready(task.waker().clone())).await;
    let admission = Arc::new(Admission::new());
    let mut client = Client::new(
        Connection::Tcp(stream),
        waker,
        Form::Plain,
        admission,
        seat,
        Instant::now(),
    );
    client.feed(&rest);
    let mut scratch = vec![0; 16 * 1024];
    poll_fn(|_| {
        let world = World {
            shared: &shared,
            now: Instant::now(),
        };
        match serve(&mut client, &mut scratch, world) {
            Ok(()) => Poll::Pending,
            Err(Gone) => Poll::Ready(()),
        }
    })
    .await;
    Some(())
}

/// As a shard does it.
fn serve(client: &mut Client, scratch: &mut [u8], world: World<'_>) -> Result<(), Gone> {
    loop {
        client.flush(world)?;
        let message = match client.poll_message(scratch, world) {
            Poll::Ready(message) => message?,
            Poll::Pending => break,
        };
        match message {
            Message::Text(text) => client.notify(frame(Opcode::Text, text.as_bytes()), world)?,
            Message::Binary(bytes) => client.notify(frame(Opcode::Binary, &bytes), world)?,
            Message::Ping(payload) => client.pong(&payload, world)?,
            Message::Pong => {}
            Message::Close => client.take_leave(world),
        }
    }
    if client.is_leaving() {
        client.flush(world)?;
    }
    if client.is_done() { Err(Gone) } else { Ok(()) }
}
