//! tokio-websockets at its best: shared bytes, all that is queued in one write.

use std::io;

use futures::{SinkExt, StreamExt};
use tokio::{
    net::TcpStream,
    sync::broadcast::{
        self,
        error::{RecvError, TryRecvError},
    },
};
use tokio_websockets::{Config, Error, Message, ServerBuilder, WebSocketStream};

use super::control;

pub(crate) fn run() -> io::Result<()> {
    // A clone of a message shares its bytes.
    control::run_broadcast(Message::text, serve)
}

async fn serve(connection: TcpStream, events: broadcast::Sender<Message>) {
    let builder = ServerBuilder::new().config(Config::default().flush_threshold(16 * 1024));
    let Ok((_, mut socket)) = builder.accept(connection).await else {
        return;
    };
    let mut events = events.subscribe();
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Ok(event) => if send_all(&mut socket, event, &mut events).await.is_err() {
                    return;
                },
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            },
            message = socket.next() => if !matches!(message, Some(Ok(_))) {
                return;
            },
        }
    }
}

/// Sends `event`, and all that is there beside it.
async fn send_all(
    socket: &mut WebSocketStream<TcpStream>,
    event: Message,
    events: &mut broadcast::Receiver<Message>,
) -> Result<(), Error> {
    socket.feed(event).await?;
    loop {
        match events.try_recv() {
            Ok(event) => socket.feed(event).await?,
            Err(TryRecvError::Lagged(_)) => {}
            Err(TryRecvError::Empty | TryRecvError::Closed) => return socket.flush().await,
        }
    }
}
