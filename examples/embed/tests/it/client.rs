//! An HTTP client, with a reader of server-sent events.

use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request, Response,
    body::{Bytes, Incoming},
    client::conn::http1::{SendRequest, handshake},
    header::{CONTENT_TYPE, HOST},
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::process::soon;

/// A connection that is kept.
pub(crate) struct Client {
    requests: SendRequest<Full<Bytes>>,
}

impl Client {
    pub(crate) async fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        let (requests, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Self { requests }
    }

    async fn ask(&mut self, request: Request<Full<Bytes>>) -> Response<Incoming> {
        soon(self.requests.ready()).await.unwrap();
        soon(self.requests.send_request(request)).await.unwrap()
    }

    /// Gives the status and the text of the answer.
    pub(crate) async fn get(&mut self, path: &str) -> (u16, String) {
        let request = Request::get(path).header(HOST, "localhost");
        let answer = self.ask(request.body(Full::default()).unwrap()).await;
        read(answer).await
    }

    pub(crate) async fn post(&mut self, body: String) -> u16 {
        let request = Request::builder()
            .method(Method::POST)
            .uri("/readings")
            .header(HOST, "localhost")
            .header(CONTENT_TYPE, "application/json");
        let answer = self.ask(request.body(Full::from(body)).unwrap()).await;
        read(answer).await.0
    }

    pub(crate) async fn post_level(&mut self, level_cm: f64) {
        let status = self.post(json!({ "level_cm": level_cm }).to_string()).await;
        assert_eq!(status, 202);
    }

    /// Uses the connection for events, after the one with an id if there is one.
    pub(crate) async fn events(mut self, last: Option<&str>) -> Events {
        let mut request = Request::get("/events").header(HOST, "localhost");
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let answer = self.ask(request.body(Full::default()).unwrap()).await;
        assert_eq!(answer.headers()[CONTENT_TYPE], "text/event-stream");
        Events {
            body: answer.into_body(),
            received: String::new(),
        }
    }
}

async fn read(answer: Response<Incoming>) -> (u16, String) {
    let status = answer.status().as_u16();
    let body = soon(answer.into_body().collect()).await.unwrap().to_bytes();
    (status, String::from_utf8(body.into()).unwrap())
}

pub(crate) struct Events {
    body: Incoming,
    received: String,
}

pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) data: Value,
}

impl Events {
    /// The next event; none at the orderly end of the answer.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((event, rest)) = self.received.split_once("\n\n") {
                let field = |name| event.lines().find_map(|line| line.strip_prefix(name));
                let data = field("data: ").map(|data| serde_json::from_str(data).unwrap());
                let id = field("id: ").map(str::to_owned);
                self.received = rest.into();
                // What has no data keeps the connection alive.
                if let (Some(id), Some(data)) = (id, data) {
                    return Some(Event { id, data });
                }
                continue;
            }
            let frame = soon(self.body.frame()).await?;
            let bytes = frame.expect("it breaks off").into_data().unwrap();
            self.received += str::from_utf8(&bytes).unwrap();
        }
    }
}
