//! The tasks of a server: one that accepts, one for every client.

use std::{
    ops::ControlFlow,
    pin::{Pin, pin},
    task::{Context, Poll},
    time::Duration,
};

use futures_util::{Sink, SinkExt, StreamExt};
use thalweg_core::{Cx, Drained, Observable};
use tokio::{
    net::{TcpListener, TcpStream},
    select,
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async_with_config,
    tungstenite::{
        Error, Message,
        handshake::server::{ErrorResponse, Request, Response},
        http::StatusCode,
        protocol::{CloseFrame, WebSocketConfig, frame::coding::CloseCode},
    },
};

use super::clients::{Clients, Joined};

/// A client that connects has so long to say that it speaks WebSocket.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// A client has so long to take what is left when the server closes.
const DRAIN: Duration = Duration::from_secs(5);

/// A client has so long to answer a close frame.
const LEAVE: Duration = Duration::from_secs(1);

/// The system has so long to recover when it cannot accept, which is when it is out of file descriptors.
const RECOVER: Duration = Duration::from_millis(100);

/// Bytes that a message of a client may have; it is read and ignored.
const MAX_INCOMING: usize = 64 * 1024;

/// Messages that a client's task takes out of its queue at once, so that what is in hand is little beside the queue.
const AT_ONCE: u32 = 32;

/// Accepts clients until the server closes, then waits for all of them to leave.
pub(super) async fn run(listener: TcpListener, max_clients: usize, clients: Clients) {
    let mut tasks = JoinSet::new();
    let mut closing = pin!(clients.closing());
    loop {
        select! {
            () = &mut closing => break,
            Some(_) = tasks.join_next() => {}
            accepted = listener.accept(), if tasks.len() < max_clients => {
                if let Ok((stream, _)) = accepted {
                    tasks.spawn(serve(stream, clients.clone()));
                } else {
                    clients.count_failed();
                    sleep(RECOVER).await;
                }
            }
        }
    }
    drop(listener);
    while tasks.join_next().await.is_some() {}
}

/// Serves one client until it leaves, is too slow, or the server closes.
async fn serve(stream: TcpStream, clients: Clients) {
    let shaken = select! {
        shaken = timeout(HANDSHAKE, handshake(stream, &clients)) => shaken.ok().flatten(),
        () = clients.closing() => return,
    };
    let Some((socket, mut joined)) = shaken else {
        clients.count_failed();
        return;
    };
    let (mut outgoing, mut incoming) = socket.split();
    // Reading answers pings and close frames, and notices that the client is gone.
    let mut reading = pin!(async { while let Some(Ok(_)) = incoming.next().await {} });
    let farewell = select! {
        () = &mut reading => return,
        Ok(()) = &mut joined.too_slow => close(CloseCode::Policy, "too slow: the queue of this client is full"),
        sent = send_all(&mut joined.queue, &mut outgoing) => match sent {
            Ok(()) => close(CloseCode::Away, "the stream has ended"),
            Err(_) => return,
        },
        () = async { clients.closing().await; sleep(DRAIN).await } => return,
    };
    drop(joined);
    // A client that does not take it is gone all the same.
    let _ = timeout(LEAVE, async {
        if outgoing.send(farewell).await.is_ok() {
            reading.await;
        }
    })
    .await;
}

/// Lets the client join at the moment its handshake is answered, so that once connected it misses nothing.
async fn handshake(
    stream: TcpStream,
    clients: &Clients,
) -> Option<(WebSocketStream<TcpStream>, Joined)> {
    // An event is sent when it happens, not when a packet is full.
    stream.set_nodelay(true).ok()?;
    let mut joined = None;
    #[expect(clippy::result_large_err, reason = "the signature is tungstenite's")]
    let join = |_: &Request, response: Response| {
        joined = clients.join();
        if joined.is_some() {
            return Ok(response);
        }
        let mut refusal = ErrorResponse::new(Some("the server is closing".to_owned()));
        *refusal.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        Err(refusal)
    };
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_INCOMING))
        .max_frame_size(Some(MAX_INCOMING));
    let socket = accept_hdr_async_with_config(stream, join, Some(config)).await;
    Some((socket.ok()?, joined?))
}

fn close(code: CloseCode, reason: &'static str) -> Message {
    Message::Close(Some(CloseFrame {
        code,
        reason: reason.into(),
    }))
}

/// Sends what comes until the queue completes; flushes when it is empty.
async fn send_all<Q, S>(queue: &mut Q, outgoing: &mut S) -> Result<(), Error>
where
    Q: Observable<Item = Message> + Unpin,
    S: Sink<Message, Error = Error> + Unpin,
{
    let mut batch = Vec::new();
    loop {
        let ended = std::future::poll_fn(|task| poll_batch(queue, &mut batch, task)).await;
        for message in batch.drain(..) {
            outgoing.feed(message).await?;
        }
        outgoing.flush().await?;
        if ended {
            return Ok(());
        }
    }
}

/// Ready with what is in the queue, and whether it has come to its end.
fn poll_batch<Q>(queue: &mut Q, batch: &mut Vec<Message>, task: &mut Context<'_>) -> Poll<bool>
where
    Q: Observable<Item = Message> + Unpin,
{
    let mut cx = Cx::new(task).with_budget(AT_ONCE);
    let drained = Pin::new(queue).poll_drain(&mut cx, |message| {
        batch.push(message);
        ControlFlow::Continue(())
    });
    match drained {
        Poll::Ready(Ok(Drained::Completed) | Err(_)) => Poll::Ready(true),
        Poll::Pending if batch.is_empty() => Poll::Pending,
        _ => Poll::Ready(false),
    }
}
