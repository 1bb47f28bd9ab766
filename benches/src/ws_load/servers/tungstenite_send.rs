//! tokio-tungstenite as people write it: a task for each client, which sends what it gets of a broadcast channel.

use std::io;

use futures::{SinkExt, StreamExt};
use tokio::{
    net::TcpStream,
    sync::broadcast::{self, error::RecvError},
};
use tokio_tungstenite::{accept_async, tungstenite::Message};

use super::control;

pub(crate) fn run() -> io::Result<()> {
    control::run_broadcast(|event| event, serve)
}

async fn serve(connection: TcpStream, events: broadcast::Sender<String>) {
    let Ok(socket) = accept_async(connection).await else {
        return;
    };
    let mut events = events.subscribe();
    let (mut sender, mut receiver) = socket.split();
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Ok(event) => if sender.send(Message::text(event)).await.is_err() {
                    return;
                },
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            },
            message = receiver.next() => if !matches!(message, Some(Ok(_))) {
                return;
            },
        }
    }
}
