//! The hub over real sockets of this machine: who gets what, when, and what becomes of those who do not play along.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use thalweg::sinks::ws::{
    Event, Hub,
    hub::{Builder, Handle},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    task::yield_now,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{
        Error, Message, client::IntoClientRequest, http::Response,
        protocol::frame::coding::CloseCode,
    },
};

mod answers;
mod basics;
mod bounds;
mod crowd;
mod formats;
mod killed;
mod lifetime;
mod peers;
mod resume;
mod slow;
mod tls;
mod upgrade;

/// A client that speaks the hub's JSON.
struct Client(WebSocketStream<TcpStream>);

impl Client {
    async fn connect(hub: &Hub, query: &str) -> Self {
        Self::with(hub, query, &[]).await.unwrap()
    }

    async fn with(hub: &Hub, query: &str, headers: &[(&'static str, &str)]) -> Result<Self, Error> {
        let stream = TcpStream::connect(hub.address()).await?;
        Self::on(stream, hub, query, headers).await
    }

    async fn on(
        stream: TcpStream,
        hub: &Hub,
        query: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, Error> {
        let url = format!("ws://{}/{query}", hub.address());
        let mut request = url.into_client_request()?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        Ok(Self(client_async(request, stream).await?.0))
    }

    /// One that has subscribed to a topic.
    async fn of(hub: &Hub, topic: &str) -> Self {
        let mut client = Self::connect(hub, &format!("?topic={topic}")).await;
        let subscribed = client.next().await.unwrap();
        assert_eq!(subscribed["subscribed"], topic);
        client
    }

    /// One that is slow as soon as it does not read.
    async fn slow(hub: &Hub, query: &str) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(16 * 1024).unwrap();
        let stream = socket.connect(hub.address()).await.unwrap();
        let mut client = Self::on(stream, hub, query, &[]).await.unwrap();
        assert_eq!(client.next().await.unwrap()["id"], "e:0");
        client
    }

    async fn say(&mut self, message: Value) {
        self.0
            .send(Message::text(message.to_string()))
            .await
            .unwrap();
    }

    /// The next message that is no ping or pong; `Err` with the code of the close.
    async fn message(&mut self) -> Result<Message, Option<CloseCode>> {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Close(frame))) => {
                    // The answer is sent on the way to the end.
                    while let Some(Ok(_)) = self.0.next().await {}
                    return Err(frame.map(|frame| frame.code));
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(message)) => return Ok(message),
                Some(Err(_)) | None => return Err(None),
            }
        }
    }

    async fn next(&mut self) -> Result<Value, Option<CloseCode>> {
        let message = self.message().await?;
        Ok(serde_json::from_str(message.to_text().unwrap()).unwrap())
    }

    async fn expect(&mut self, message: Value) {
        assert_eq!(self.next().await, Ok(message));
    }

    /// All events up to the end, and its code.
    async fn rest(&mut self) -> (Vec<Value>, Option<CloseCode>) {
        let mut events = Vec::new();
        loop {
            match self.next().await {
                Ok(event) => events.push(event),
                Err(code) => return (events, code),
            }
        }
    }
}

fn builder() -> Builder {
    Hub::builder().epoch("e")
}

async fn hub() -> Hub {
    builder().bind("127.0.0.1:0").await.unwrap()
}

async fn publish(handle: &Handle, topic: &str, data: impl Into<Value>) {
    let event = Event::json(topic, &data.into()).unwrap();
    handle.publish(event).await.unwrap();
}

fn subscribed(topic: &str, offset: u64, clients: usize) -> Value {
    json!({ "subscribed": topic, "id": format!("e:{offset}"), "clients": clients })
}

/// The same with so many events that were missed.
fn resumed(topic: &str, offset: u64, clients: usize, missed: usize) -> Value {
    let mut resumed = subscribed(topic, offset, clients);
    resumed["missed"] = missed.into();
    resumed
}

fn event(topic: &str, offset: u64, data: impl Into<Value>) -> Value {
    json!({ "topic": topic, "id": format!("e:{offset}"), "data": data.into() })
}

/// Waits for something to become true.
async fn until(mut is_true: impl FnMut() -> bool) {
    let waiting = async {
        while !is_true() {
            yield_now().await;
        }
    };
    assert!(timeout(Duration::from_mins(1), waiting).await.is_ok());
}

/// Sends a request by hand.
async fn request(hub: &Hub, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(hub.address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// All that comes until the end.
async fn read_all(mut stream: TcpStream) -> String {
    let mut text = String::new();
    // A reset is an end as well.
    let _ = stream.read_to_string(&mut text).await;
    text
}

/// What comes up to and including `end`.
async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(end.as_bytes()) {
        bytes.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The answer to a handshake that is not accepted.
fn refused(result: Result<Client, Error>) -> Response<Option<Vec<u8>>> {
    match result {
        Err(Error::Http(response)) => *response,
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it was accepted"),
    }
}
