//! Sends requests and reads their responses.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryFutureExt;
use hyper::body::{Body, Incoming};
use hyper::header::{ACCEPT, ACCEPT_ENCODING, HOST, HeaderMap, HeaderValue, USER_AGENT};
use hyper::{Request, StatusCode, Uri};
use tokio::time::{Instant, timeout_at};
use url::{Position, Url};

use super::body::{self, Collected};
use super::config::Config;
use super::connect::{Connector, host};
use super::connection::{Connection, NoBody};
use super::error::{FetchError, Phase};
use super::pool::Pool;
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
}

impl Client {
    /// Makes a client; nothing is connected yet.
    #[must_use]
    pub fn new(mut config: Config) -> Self {
        config.timeout = config.timeout.min(LONGEST_TIMEOUT);
        config.connect_timeout = config.connect_timeout.min(LONGEST_TIMEOUT);
        let config = Arc::new(config);
        Self {
            shared: Arc::new(Shared {
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
        let limit = self.shared.config.body_limit;
        self.get_up_to(limit, url, is_wanted).await
    }

    /// Requests `url` as [`get`](Self::get) does, with `limit` in place of the configured one of bodies.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    ///
    /// # Cancel safety
    ///
    /// As [`get`](Self::get).
    pub async fn get_up_to(
        &self,
        limit: usize,
        url: &Url,
        is_wanted: impl FnOnce(StatusCode, &HeaderMap) -> bool,
    ) -> Result<Response, FetchError> {
        let started = Instant::now();
        let deadline = started + self.shared.config.timeout;
        let origin = origin(url)?;
        let (mut connection, sent, head) = self.send(url, origin, started, deadline).await?;
        let (head, mut incoming) = head.into_parts();

        let work = connection.run(async {
            if is_wanted(head.status, &head.headers) {
                body::collect(&mut incoming, limit).await
            } else {
                if incoming
                    .size_hint()
                    .exact()
                    .is_some_and(|size| size <= WORTH_DISCARDING)
                {
                    body::discard(&mut incoming).await?;
                }
                Ok(Collected::default())
            }
        });
        let raw = self
            .within(Phase::Body, url, deadline, work)
            .await?
            .map_err(|source| FetchError::Body {
                host: host(url),
                source,
            })?;
        let elapsed = started.elapsed();
        // An unread rest would stand in the way of the next response.
        drop(incoming);
        let remote = connection.remote;
        if connection.is_reusable().await {
            self.shared.pool.put(connection, started + elapsed);
        }

        let Collected { bytes, truncated } =
            body::decode(raw, &head.headers, limit).map_err(|source| FetchError::Encoding {
                host: host(url),
                source,
            })?;
        Ok(Response {
            url: url.clone(),
            sent,
            version: head.version,
            status: head.status,
            location: location(url, head.status, &head.headers),
            is_decoded: body::is_coded(&head.headers),
            headers: head.headers,
            body: bytes,
            truncated,
            remote,
            elapsed,
        })
    }

    /// Gets the head of a response, over a kept connection if there is one that still works, and what was sent for it.
    async fn send(
        &self,
        url: &Url,
        origin: &str,
        started: Instant,
        deadline: Instant,
    ) -> Result<(Connection, Option<HeaderMap>, hyper::Response<Incoming>), FetchError> {
        let Shared {
            config,
            connector,
            pool,
        } = &*self.shared;
        let protocol = |source| FetchError::Protocol {
            host: host(url),
            source,
        };

        if let Some(mut connection) = pool.take(origin, started) {
            let request = self.request(url, &connection)?;
            let sent = self.kept(&request);
            let answer = connection.send(request);
            let outcome = self.within(Phase::Head, url, deadline, answer).await;
            if let Ok(Ok(head)) = outcome {
                return Ok((connection, sent, head));
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
        let request = self.request(url, &connection)?;
        let sent = self.kept(&request);
        let answer = connection.send(request);
        let head = self
            .within(Phase::Head, url, deadline, answer)
            .await?
            .map_err(protocol)?;
        Ok((connection, sent, head))
    }

    fn kept(&self, request: &Request<NoBody>) -> Option<HeaderMap> {
        let keeps = self.shared.config.keep_requests;
        keeps.then(|| request.headers().clone())
    }

    fn request(&self, url: &Url, connection: &Connection) -> Result<Request<NoBody>, FetchError> {
        let too_long = |_| FetchError::Url {
            url: url.to_string(),
            reason: "it does not fit into a request",
        };
        let mut request = Request::new(NoBody::new());
        let headers = request.headers_mut();
        headers.reserve(4);
        // HTTP/2 names the host in the URI.
        let start = if connection.is_http2() {
            Position::BeforeScheme
        } else {
            let host = &url[Position::BeforeHost..Position::AfterPort];
            headers.insert(
                HOST,
                HeaderValue::from_str(host).map_err(|_| invalid_host(url))?,
            );
            Position::BeforePath
        };
        headers.insert(USER_AGENT, self.shared.config.user_agent.clone());
        headers.insert(
            ACCEPT,
            HeaderValue::from_static("text/html,application/xhtml+xml,*/*;q=0.8"),
        );
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip, deflate"));
        *request.uri_mut() = Uri::try_from(&url[start..Position::AfterQuery]).map_err(too_long)?;
        Ok(request)
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

fn invalid_host(url: &Url) -> FetchError {
    FetchError::Url {
        url: url.to_string(),
        reason: "its host cannot be named in a request",
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
