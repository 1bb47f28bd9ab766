//! Sends requests and reads their responses.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryFutureExt;
use hyper::body::{Body, Incoming};
use hyper::{HeaderMap, StatusCode};
use tokio::time::{Instant, timeout, timeout_at};
use url::{Position, Url};

use super::body::{self, BodyError, Collected};
use super::coding::{self, Limits};
use super::config::Config;
use super::connect::{Connector, host};
use super::connection::{Connection, NoBody};
use super::error::{FetchError, Phase};
use super::message::Messages;
use super::pool::Pool;
use super::request::{Request, Turn};
use super::response::{Response, location};

/// An unwanted body up to this size is read anyway: cheaper than a new connection.
const WORTH_DISCARDING: u64 = 16 * 1024;

/// Longer than any request, and short enough to be added to any instant.
const LONGEST_TIMEOUT: Duration = Duration::from_hours(365 * 24);

/// An HTTP client. Clones share its connections.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    config: Arc<Config>,
    connector: Connector,
    pool: Pool,
    messages: Messages,
}

/// A request that was sent, and the head of its answer.
struct Sent {
    connection: Connection,
    /// What was sent, if that is to be kept.
    headers: Option<HeaderMap>,
    head: hyper::Response<Incoming>,
    began: Instant,
    answered: Instant,
}

impl Client {
    /// Makes a client; nothing is connected yet.
    #[must_use]
    pub fn new(mut config: Config) -> Self {
        config.timeout = config.timeout.min(LONGEST_TIMEOUT);
        config.connect_timeout = config.connect_timeout.min(LONGEST_TIMEOUT);
        config.ratio_limit = config.ratio_limit.max(1);
        let config = Arc::new(config);
        Self {
            shared: Arc::new(Shared {
                messages: Messages::new(config.clone()),
                connector: Connector::new(config.clone()),
                pool: Pool::new(
                    config.max_idle_per_host,
                    config.max_idle,
                    config.idle_timeout,
                ),
                config,
            }),
        }
    }

    /// Requests `url` once, without following redirects.
    ///
    /// `is_wanted` sees the status and the headers and decides whether the body is read. An
    /// unwanted one is empty in the response, and dropped unread unless it is tiny.
    ///
    /// A kept connection that the server closed in the meantime is replaced by a new one, once.
    ///
    /// # Errors
    ///
    /// [`FetchError`] if there is no response, or none that is complete. An error status is a
    /// response.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the connection it uses (over HTTP/2, resets the stream).
    pub async fn get(
        &self,
        url: &Url,
        is_wanted: impl FnOnce(StatusCode, &HeaderMap) -> bool,
    ) -> Result<Response, FetchError> {
        let request = Request {
            url,
            body_limit: self.shared.config.body_limit,
            known: None,
        };
        self.send(&request, &(), is_wanted).await
    }

    /// Sends `request` as [`get`](Self::get) does, when it is its `turn`.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    ///
    /// # Cancel safety
    ///
    /// As [`get`](Self::get).
    pub async fn send(
        &self,
        request: &Request<'_>,
        turn: &impl Turn,
        is_wanted: impl FnOnce(StatusCode, &HeaderMap) -> bool,
    ) -> Result<Response, FetchError> {
        let started = Instant::now();
        let config = &*self.shared.config;
        let (url, limit) = (request.url, request.body_limit);
        let deadline = started + config.timeout;
        let origin = origin(url)?;
        let Sent {
            mut connection,
            headers: sent,
            head,
            began,
            answered,
        } = self.begin(request, origin, turn, started).await?;
        let (head, mut incoming) = head.into_parts();

        let work = connection.run(async {
            if is_wanted(head.status, &head.headers) {
                body::collect(&mut incoming, limit, config.stall_timeout).await
            } else {
                if incoming
                    .size_hint()
                    .exact()
                    .is_some_and(|size| size <= WORTH_DISCARDING)
                {
                    body::discard(&mut incoming, config.stall_timeout).await?;
                }
                Ok(Collected::default())
            }
        });
        let raw = self
            .within(Phase::Body, url, deadline, work)
            .await?
            .map_err(|error| broken(url, error, config.stall_timeout))?;
        let elapsed = started.elapsed();
        // An unread rest would stand in the way of the next response.
        drop(incoming);
        let remote = connection.remote;
        if connection.is_reusable().await {
            self.shared.pool.put(connection, started + elapsed);
        }
        self.shared.messages.keep_cookies(url, &head.headers);

        let limits = Limits {
            length: limit,
            ratio: config.ratio_limit,
        };
        let Collected {
            bytes,
            truncated,
            is_bomb,
        } = coding::decode(raw, &head.headers, limits).map_err(|source| FetchError::Encoding {
            host: host(url),
            source,
        })?;
        Ok(Response {
            url: url.clone(),
            sent,
            version: head.version,
            status: head.status,
            location: location(url, head.status, &head.headers),
            is_decoded: coding::is_coded(&head.headers),
            headers: head.headers,
            body: bytes,
            truncated,
            is_bomb,
            remote,
            elapsed,
            latency: answered - began,
            answered,
        })
    }

    /// Finds the address that a request for `url` will go to first; none if a proxy finds it.
    ///
    /// Addresses are remembered, so that this costs next to nothing most of the time.
    ///
    /// # Errors
    ///
    /// [`FetchError`] if the host has no address, or none that may be connected to.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn address_of(&self, url: &Url) -> Result<Option<IpAddr>, FetchError> {
        let Shared {
            config, connector, ..
        } = &*self.shared;
        if connector.proxy_for(url).is_some() {
            return Ok(None);
        }
        let addresses = timeout(config.connect_timeout, connector.resolve(url)).await;
        let addresses = addresses.map_err(|_| FetchError::Timeout {
            host: host(url),
            phase: Phase::Connect,
            limit: config.connect_timeout,
        })??;
        Ok(addresses.first().map(SocketAddr::ip))
    }

    /// Gets the head of a response, over a kept connection if there is one that still works.
    async fn begin(
        &self,
        request: &Request<'_>,
        origin: &str,
        turn: &impl Turn,
        started: Instant,
    ) -> Result<Sent, FetchError> {
        let Shared {
            config,
            connector,
            pool,
            ..
        } = &*self.shared;
        let url = request.url;
        let deadline = started + config.timeout;
        let protocol = |source| FetchError::Protocol {
            host: host(url),
            source,
        };

        if let Some(mut connection) = pool.take(origin, started) {
            let message = self.message(request, &connection)?;
            turn.take().await;
            let began = Instant::now();
            let headers = self.kept(&message);
            let sent = connection.send(message);
            let outcome = self.within(Phase::Head, url, deadline, sent).await;
            if let Ok(Ok(head)) = outcome {
                return Ok(Sent {
                    connection,
                    headers,
                    head,
                    began,
                    answered: Instant::now(),
                });
            }
            // Others must not be sent into the same silence.
            if connection.is_http2() {
                pool.forget_http2(origin);
            }
            if let Err(error) = outcome?
                && !was_closed(&error)
            {
                return Err(protocol(error));
            }
        }

        let until = deadline.min(Instant::now() + config.connect_timeout);
        // On the heap, because it is large and rare: every request would carry its state along.
        let mut connection = timeout_at(until, Box::pin(connector.connect(url, origin)))
            .await
            .map_err(|_| FetchError::Timeout {
                host: host(url),
                phase: Phase::Connect,
                limit: config.connect_timeout.min(config.timeout),
            })??;
        let message = self.message(request, &connection)?;
        turn.take().await;
        let began = Instant::now();
        let headers = self.kept(&message);
        let sent = connection.send(message);
        let head = self
            .within(Phase::Head, url, deadline, sent)
            .await?
            .map_err(protocol)?;
        Ok(Sent {
            connection,
            headers,
            head,
            began,
            answered: Instant::now(),
        })
    }

    /// Writes out what is sent over `connection`.
    fn message(
        &self,
        request: &Request<'_>,
        connection: &Connection,
    ) -> Result<hyper::Request<NoBody>, FetchError> {
        let Shared {
            connector,
            messages,
            ..
        } = &*self.shared;
        // Through a tunnel a server is asked as it is without.
        let proxy = (request.url.scheme() == "http")
            .then(|| connector.proxy_for(request.url))
            .flatten();
        messages.write(request, connection.is_http2(), proxy)
    }

    /// The headers of a message that is about to be sent, if they are to be kept.
    fn kept(&self, message: &hyper::Request<NoBody>) -> Option<HeaderMap> {
        let keeps = self.shared.config.keep_requests;
        keeps.then(|| message.headers().clone())
    }

    /// Bounds a part of a request by the deadline of the whole.
    ///
    /// Not an `async fn`: that would hold `work` twice, and every request is moved into a task.
    fn within<F: Future>(
        &self,
        phase: Phase,
        url: &Url,
        deadline: Instant,
        work: F,
    ) -> impl Future<Output = Result<F::Output, FetchError>> {
        timeout_at(deadline, work).map_err(move |_| FetchError::Timeout {
            host: host(url),
            phase,
            limit: self.shared.config.timeout,
        })
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Client")
            .field("config", &self.shared.config)
            .finish_non_exhaustive()
    }
}

/// Scheme, host and port of `url`: what a connection is good for.
fn origin(url: &Url) -> Result<&str, FetchError> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(FetchError::Url {
            url: url.to_string(),
            reason: "only http and https can be requested",
        });
    }
    Ok(&url[..Position::BeforePath])
}

fn broken(url: &Url, error: BodyError, patience: Duration) -> FetchError {
    match error {
        BodyError::Broken(source) => FetchError::Body {
            host: host(url),
            source,
        },
        BodyError::Stalled => FetchError::Timeout {
            host: host(url),
            phase: Phase::Piece,
            limit: patience,
        },
    }
}

/// Tells whether the peer had closed the connection before it began to answer.
fn was_closed(error: &hyper::Error) -> bool {
    error.is_canceled()
        || error.is_closed()
        || error.is_incomplete_message()
        || error
            .source()
            .and_then(|source| source.downcast_ref::<io::Error>())
            .is_some_and(|source| {
                matches!(
                    source.kind(),
                    io::ErrorKind::ConnectionReset
                        | io::ErrorKind::ConnectionAborted
                        | io::ErrorKind::BrokenPipe
                        | io::ErrorKind::NotConnected
                )
            })
}
