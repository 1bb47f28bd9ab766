//! fastwebsockets at its best: the two halves apart, all that is queued in one write by way of a buffer.

use std::{
    convert::Infallible,
    io::{self, ErrorKind},
};

use bytes::Bytes;
use fastwebsockets::{
    Frame, OpCode, Payload, Role, WebSocketError, WebSocketRead, WebSocketWrite,
    after_handshake_split,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, BufWriter},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::broadcast::{
        self,
        error::{RecvError, TryRecvError},
    },
};

use super::{by_hand, control};

pub(crate) fn run() -> io::Result<()> {
    control::run_broadcast(Bytes::from, serve)
}

async fn serve(mut connection: TcpStream, events: broadcast::Sender<Bytes>) {
    if shake_hands(&mut connection).await.is_err() {
        return;
    }
    let (read, write) = connection.into_split();
    let write = BufWriter::with_capacity(16 * 1024, write);
    let (reader, writer) = after_handshake_split(read, write, Role::Server);
    // The end of one is the end of both.
    tokio::select! {
        _ = send_all(writer, events.subscribe()) => {}
        _ = receive(reader) => {}
    }
}

async fn shake_hands(connection: &mut TcpStream) -> io::Result<()> {
    let mut request = Vec::new();
    loop {
        if connection.read_buf(&mut request).await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        if let Some(response) = by_hand::response(&request)? {
            return connection.write_all(response.as_bytes()).await;
        }
    }
}

async fn send_all(
    mut socket: WebSocketWrite<BufWriter<OwnedWriteHalf>>,
    mut events: broadcast::Receiver<Bytes>,
) -> Result<(), WebSocketError> {
    loop {
        match events.recv().await {
            Ok(event) => send(&mut socket, &event).await?,
            Err(RecvError::Lagged(_)) => continue,
            Err(RecvError::Closed) => return Ok(()),
        }
        loop {
            match events.try_recv() {
                Ok(event) => send(&mut socket, &event).await?,
                Err(TryRecvError::Lagged(_)) => {}
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        socket.flush().await?;
    }
}

async fn send(
    socket: &mut WebSocketWrite<BufWriter<OwnedWriteHalf>>,
    event: &[u8],
) -> Result<(), WebSocketError> {
    let frame = Frame::text(Payload::Borrowed(event));
    socket.write_frame(frame).await
}

/// Reads and throws away what comes.
async fn receive(mut socket: WebSocketRead<OwnedReadHalf>) -> Result<(), WebSocketError> {
    loop {
        let mut answer = async |_: Frame<'_>| Ok::<_, Infallible>(());
        let frame = socket.read_frame(&mut answer).await?;
        if frame.opcode == OpCode::Close {
            return Ok(());
        }
    }
}
