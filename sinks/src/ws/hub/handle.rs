//! A hub as seen from outside of its flow: publish, look, attach to another server.

use std::{fmt, net::SocketAddr, sync::Arc};

use bytes::Bytes;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    select,
    time::timeout,
};
use tokio_tungstenite::tungstenite::http::{self, HeaderValue, StatusCode, header::HeaderName};

use super::{
    accept::{Entry, decide, taken},
    admission::Refusal,
    client::Connection,
    error::PublishError,
    event::Event,
    events::EventBody,
    http::{Wish, retry, stream_headers},
    limits::Seat,
    shared::{Phase, Shared},
    stats::{Stats, add},
};

/// A handle on a hub, which may be kept when the hub is handed over to a flow. Clones are of the same hub.
///
/// It does not keep the hub open.
#[derive(Clone)]
pub struct Handle {
    pub(super) shared: Arc<Shared>,
}

impl Handle {
    /// Publishes an event; waits while there is no room, see [`Builder::queue`](super::Builder::queue).
    ///
    /// Events of several handles, and of a flow, are published in the order in which these get room.
    ///
    /// # Errors
    ///
    /// [`PublishError::Closed`]; [`PublishError::Journal`] if there is a [journal](super::Builder::journal).
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, the event is not published.
    pub async fn publish(&self, event: Event) -> Result<(), PublishError> {
        self.publish_batch(&mut vec![event]).await
    }

    /// Publishes events off the front, as many as there is room for; waits until there is room for one.
    pub(super) async fn publish_batch(&self, events: &mut Vec<Event>) -> Result<(), PublishError> {
        if events.is_empty() {
            return Ok(());
        }
        self.shared.publish(events).await
    }

    /// Gives what the hub has done so far.
    pub fn stats(&self) -> Stats {
        self.shared.counters.read()
    }

    /// Counts the clients that have subscribed to a topic.
    pub fn clients(&self, topic: &str) -> usize {
        self.shared.clients(topic)
    }

    /// Gives the id of the last event that was published: `epoch:offset`.
    ///
    /// A page with the state as of this id can subscribe with `after`, and misses nothing.
    pub fn last_id(&self) -> String {
        let head = self.shared.log().head();
        self.shared.id(head).to_string()
    }

    /// Waits until the hub has closed.
    pub async fn closed(&self) {
        self.shared.reach(Phase::Closed).await;
    }

    /// Takes in a client of somebody else's server by the WebSocket upgrade that it asks for.
    ///
    /// Gives the answer that the server has to send: 101, or why not. After 101 the connection that `upgraded` gives is the
    /// hub's. Everything else is as for clients of the hub's own port, except that limits by address need `peer`, and that
    /// server-sent events are by [`events`](Self::events). What the hook of [`Builder::admit`](super::Builder::admit) sees
    /// has no extensions.
    ///
    /// # Examples
    ///
    /// With hyper, and so in a handler of axum, which takes the request whole:
    ///
    /// ```
    /// use hyper::{Request, Response, body::Incoming};
    /// use hyper_util::rt::TokioIo;
    /// use thalweg::sinks::ws::hub::Handle;
    ///
    /// async fn events(handle: Handle, mut request: Request<Incoming>) -> Response<String> {
    ///     let upgrade = hyper::upgrade::on(&mut request);
    ///     handle.upgrade(&request, None, async { upgrade.await.map(TokioIo::new) }).await
    /// }
    /// ```
    pub fn upgrade<B, F, S, E>(
        &self,
        request: &http::Request<B>,
        peer: Option<SocketAddr>,
        upgraded: F,
    ) -> impl Future<Output = http::Response<String>> + Send + use<B, F, S, E>
    where
        F: Future<Output = Result<S, E>> + Send + 'static,
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let parts = copy_of(request);
        let shared = self.shared.clone();
        async move {
            let answer = attach(shared.clone(), parts, peer, upgraded).await;
            answer.unwrap_or_else(|refusal| {
                add(&shared.counters.refused, 1);
                refuse(&refusal)
            })
        }
    }

    /// Takes in a client of somebody else's server that asks for server-sent events.
    ///
    /// Gives the answer that the server has to send, whose body ends when the hub closes: 200, or why not. A client that
    /// is slower than its events is as slow as this body is polled; 16 KiB wait here, the rest in its
    /// [backlog](super::Builder::backlog). Everything else is as for [`upgrade`](Self::upgrade).
    ///
    /// # Examples
    ///
    /// In a handler of axum, `hub.events(&request, Some(peer)).await.map(axum::body::Body::new)`; with hyper the answer is
    /// good as it is:
    ///
    /// ```
    /// use hyper::{Request, Response, body::Incoming};
    /// use thalweg::sinks::ws::hub::{EventBody, Handle};
    ///
    /// async fn events(handle: Handle, request: Request<Incoming>) -> Response<EventBody> {
    ///     handle.events(&request, None).await
    /// }
    /// ```
    pub fn events<B>(
        &self,
        request: &http::Request<B>,
        peer: Option<SocketAddr>,
    ) -> impl Future<Output = http::Response<EventBody>> + Send + use<B> {
        let parts = copy_of(request);
        let shared = self.shared.clone();
        async move {
            stream(&shared, parts, peer)
                .await
                .unwrap_or_else(|refusal| {
                    add(&shared.counters.refused, 1);
                    refuse(&refusal).map(EventBody::text)
                })
        }
    }
}

fn copy_of<B>(request: &http::Request<B>) -> http::request::Parts {
    let mut copy = http::Request::new(());
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.version_mut() = request.version();
    *copy.headers_mut() = request.headers().clone();
    copy.into_parts().0
}

/// Decides about a client in the time that there is for it.
async fn admit(
    shared: &Arc<Shared>,
    parts: http::request::Parts,
    peer: Option<SocketAddr>,
) -> Result<(Entry, Seat), Refusal> {
    let seat = taken(shared.census.sit(peer.map(|peer| peer.ip())))?;
    let deciding = timeout(shared.options.handshake, decide(parts, peer, shared));
    let too_long = |_| {
        Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "it takes too long to decide",
        )
    };
    Ok((deciding.await.map_err(too_long)??, seat))
}

async fn stream(
    shared: &Arc<Shared>,
    parts: http::request::Parts,
    peer: Option<SocketAddr>,
) -> Result<http::Response<EventBody>, Refusal> {
    let (entry, seat) = admit(shared, parts, peer).await?;
    if !matches!(entry.wish, Wish::EventStream) {
        return Err(Refusal::new(
            StatusCode::NOT_ACCEPTABLE,
            "there are only server-sent events here",
        ));
    }
    let (socket, body) = EventBody::pipe();
    let mut response = http::Response::new(body);
    for (name, value) in stream_headers(entry.origin.as_deref()) {
        if let Ok(value) = HeaderValue::try_from(value) {
            response
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
    }
    let greeting = retry(shared.options.retry);
    shared.arrive(entry.into_arrival(Connection::other(socket), seat, greeting, Bytes::new()));
    Ok(response)
}

async fn attach<S, E>(
    shared: Arc<Shared>,
    parts: http::request::Parts,
    peer: Option<SocketAddr>,
    upgraded: impl Future<Output = Result<S, E>> + Send + 'static,
) -> Result<http::Response<String>, Refusal>
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let (entry, seat) = admit(&shared, parts, peer).await?;
    let within = shared.options.handshake;
    let Wish::WebSocket { headers, .. } = &entry.wish else {
        return Err(Refusal::new(
            StatusCode::UPGRADE_REQUIRED,
            "there is only WebSocket here",
        ));
    };
    let mut response = http::Response::new(String::new());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    response.headers_mut().clone_from(headers);
    tokio::spawn(async move {
        let came = select! {
            came = timeout(within, upgraded) => came,
            () = shared.reach(Phase::Closing) => return,
        };
        match came {
            Ok(Ok(socket)) => {
                let none = Bytes::new();
                shared.arrive(entry.into_arrival(
                    Connection::other(socket),
                    seat,
                    none.clone(),
                    none,
                ));
            }
            _ => add(&shared.counters.refused, 1),
        }
    });
    Ok(response)
}

fn refuse(refusal: &Refusal) -> http::Response<String> {
    let mut response = http::Response::new(format!("{}\n", refusal.reason));
    *response.status_mut() = refusal.status;
    for (name, value) in refusal.headers() {
        if let Ok(value) = HeaderValue::try_from(value) {
            response
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
    }
    response
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("phase", &self.shared.phase())
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
