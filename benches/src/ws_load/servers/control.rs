//! What the servers on tokio have in common.

use std::{future::Future, io, net::SocketAddr, os::fd::AsFd};

use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    net::{TcpListener, TcpStream, unix::pipe},
    runtime::{Builder, Runtime},
    sync::broadcast,
};

use crate::order::{Numbered, Order};

/// How many events a client may be behind before it misses some.
const QUEUE: usize = 1024;

/// Makes a runtime of one thread: a server gets one core, and so needs no second one.
pub(super) fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// Runs a server that has a task for each client, all of which get the events from one broadcast channel.
pub(super) fn run_broadcast<T, F>(
    message: impl Fn(String) -> T,
    serve: impl Fn(TcpStream, broadcast::Sender<T>) -> F + Send + 'static,
) -> io::Result<()>
where
    T: Clone + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    runtime()?.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        announce(listener.local_addr()?);
        let mut orders = Orders::of_stdin()?;
        let (events, _) = broadcast::channel(QUEUE);
        let subscriptions = events.clone();
        tokio::spawn(async move {
            while let Ok(connection) = accept(&listener).await {
                tokio::spawn(serve(connection, subscriptions.clone()));
            }
        });
        let mut numbered = Numbered::default();
        while let Some(order) = orders.next().await? {
            for event in numbered.events(order) {
                // It fails only without a client.
                let _ = events.send(message(event));
            }
        }
        Ok(())
    })
}

/// Tells the generator where to connect to.
pub(super) fn announce(address: SocketAddr) {
    println!("listening {address}");
}

/// Accepts connections for ever, and has small writes go out at once.
async fn accept(listener: &TcpListener) -> io::Result<TcpStream> {
    let (connection, _) = listener.accept().await?;
    connection.set_nodelay(true)?;
    Ok(connection)
}

/// The orders on the standard input.
pub(super) struct Orders(Lines<BufReader<pipe::Receiver>>);

impl Orders {
    pub(super) fn of_stdin() -> io::Result<Self> {
        let stdin = io::stdin().as_fd().try_clone_to_owned()?;
        let pipe = pipe::Receiver::from_owned_fd(stdin)?;
        Ok(Self(BufReader::new(pipe).lines()))
    }

    /// Gives the next order, `None` when the generator has gone.
    pub(super) async fn next(&mut self) -> io::Result<Option<Order>> {
        let line = self.0.next_line().await?;
        line.map(|line| parse(&line)).transpose()
    }
}

/// Reads an order.
pub(super) fn parse(line: &str) -> io::Result<Order> {
    line.parse()
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}
