//! The hub over real sockets of this machine: who gets what, when, and what becomes of those who do not play along.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use thalweg::{
    Sink,
    prelude::*,
    sinks::ws::{
        Event, Hub,
        hub::{Builder, Handle},
    },
};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, protocol::frame::coding::CloseCode},
};

/// A client that speaks the hub's JSON.
pub(super) struct Client(pub(super) WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Client {
    pub(super) async fn connect(hub: &Hub, query: &str) -> Self {
        let url = format!("ws://{}/{query}", hub.address());
        Self(connect_async(url).await.unwrap().0)
    }

    pub(super) async fn say(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    /// The next message of data; `Err` with the code of the close.
    pub(super) async fn next(&mut self) -> Result<Value, Option<CloseCode>> {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(frame))) => {
                    // The answer is sent on the way to the end.
                    while let Some(Ok(_)) = self.0.next().await {}
                    return Err(frame.map(|frame| frame.code));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    }

    pub(super) async fn expect(&mut self, message: Value) {
        assert_eq!(self.next().await, Ok(message));
    }
}

pub(super) fn builder() -> Builder {
    Hub::builder().epoch("e")
}

pub(super) async fn publish(handle: &Handle, topic: &str, data: Value) {
    handle.publish(Event::json(topic, &data).unwrap()).await.unwrap();
}

fn subscribed(topic: &str, offset: u64, clients: usize) -> Value {
    json!({ "subscribed": topic, "id": format!("e:{offset}"), "clients": clients })
}

fn event(topic: &str, offset: u64, data: impl Into<Value>) -> Value {
    json!({ "topic": topic, "id": format!("e:{offset}"), "data": data.into() })
}

#[tokio::test]
async fn a_client_gets_what_it_subscribed_to() {
    let mut hub = builder().bind("127.0.0.1:0").await.unwrap();
    let handle = hub.handle();
    let mut client = Client::connect(&hub, "?topic=trades").await;
    client.expect(subscribed("trades", 0, 1)).await;
    publish(&handle, "trades", json!(1)).await;
    publish(&handle, "load", json!(2)).await;
    client.expect(event("trades", 1, 1)).await;
    client.say(json!({ "subscribe": ["load", "trades"] })).await;
    client.expect(subscribed("load", 2, 1)).await;
    client.expect(subscribed("trades", 2, 1)).await;
    publish(&handle, "load", json!([3])).await;
    publish(&handle, "trades", json!({ "n": 4 })).await;
    client.expect(event("load", 3, json!([3]))).await;
    client.expect(event("trades", 4, json!({ "n": 4 }))).await;
    client.say(json!({ "unsubscribe": "trades" })).await;
    client.expect(json!({ "unsubscribed": "trades" })).await;
    assert_eq!((handle.clients("trades"), handle.clients("load")), (0, 1));
    publish(&handle, "trades", json!(5)).await;
    publish(&handle, "load", json!(6)).await;
    client.expect(event("load", 6, json!(6))).await;
    let (closed, ended) = tokio::join!(hub.close(), client.next());
    closed.unwrap();
    assert_eq!(ended, Err(Some(CloseCode::Restart)));
    let stats = handle.stats();
    assert_eq!((stats.clients, stats.admitted, stats.published, stats.sent), (0, 1, 6, 4));
    assert!(handle.publish(Event::raw("load", "7")).await.is_err());
}

#[tokio::test]
async fn every_client_gets_everything_in_order_whoever_publishes() {
    let hub = builder().bind("127.0.0.1:0").await.unwrap();
    let mut clients = Vec::new();
    for _ in 0..50 {
        let mut client = Client::connect(&hub, "?topic=n").await;
        client.next().await.unwrap();
        clients.push(tokio::spawn(async move {
            let mut data = Vec::new();
            while let Ok(message) = client.next().await {
                data.push(message["data"].as_u64().unwrap());
            }
            data
        }));
    }
    let sink = hub.json("n");
    (0..1000_u64).flow().run_into(sink).await.unwrap();
    for client in clients {
        assert_eq!(client.await.unwrap(), (0..1000).collect::<Vec<_>>());
    }
}
