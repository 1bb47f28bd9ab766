//! `post`: batches as requests to an HTTP server.

use std::{fmt, time::Duration};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Method, Request, Uri,
    header::{HOST, HeaderMap, HeaderName, HeaderValue},
};
use thalweg_core::{Sink, StageId};
use thalweg_operators::error::{Backoff, RetryAfter};
#[cfg(feature = "https")]
use thalweg_tls::TlsClient;
use tokio::time::timeout;

use super::{
    client::{Answer, Client, Failure},
    error::HttpError,
    retry_after::retry_after,
};
use crate::{
    GaveUp, Retrying,
    encoding::{Encode, Json},
    output::{Room, encode_batch},
};

/// Characters of a server's answer that an error repeats.
const REASON: usize = 200;

/// Posts items in batches to `url`, by default as lines of JSON (`application/x-ndjson`).
///
/// A request has the items of one write, at most 1,024 if a flow runs into it, and 1 MiB; see [`Post::max_items`] and
/// [`Post::max_bytes`]. Its items count as taken when the server answers with a status of 2xx. One connection is kept for
/// all requests, one request is under way at a time.
///
/// Connections that fail, answers that do not come within 30 seconds, and the statuses 429 and 5xx are tried again, by
/// default 8 times in a row with random waits of up to 30 seconds, and never before the time that `Retry-After` asks for,
/// unless that is longer than 5 minutes. Other statuses are not: redirections are not followed. The server can thus get
/// items twice.
///
/// # Backpressure
///
/// While a request is under way, or a retry is waited for, nothing is pulled. Holds the encoded batch.
///
/// # Durability
///
/// What was taken has been answered by the server with 2xx. A crash loses nothing of that, and leaves open whether the server has
/// the items of the request that was under way.
///
/// # Errors
///
/// [`GaveUp`] with an [`HttpError`] when all retries have failed, or at once if there is no use in trying. The items are
/// still in the batch: [`or_dead_letter`](crate::or_dead_letter) puts them away and goes on.
///
/// # Cancel safety
///
/// A write that is cancelled drops the connection; the server may have its items, which are still in the batch.
///
/// # Examples
///
/// ```no_run
/// use thalweg::{prelude::*, sinks::{http, json_lines, or_dead_letter}};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let collector = http::post("http://127.0.0.1:8080/events").header("authorization", "Bearer secret");
/// let sink = or_dead_letter(collector, json_lines("refused.jsonl").append());
/// [("EURUSD", 1.08)].flow().run_into(sink).await?;
/// # Ok(()) }
/// ```
#[doc(alias = "webhook")]
#[track_caller]
pub fn post(url: impl Into<String>) -> Post<Json> {
    let once = Once {
        url: url.into(),
        encoding: Json,
        headers: vec![("content-type".into(), "application/x-ndjson".into())],
        max_items: usize::MAX,
        max_bytes: 1024 * 1024,
        time: Duration::from_secs(30),
        longest_wait: Duration::from_mins(5),
        client: Client::default(),
        ready: None,
    };
    let backoff = Backoff::exponential(Duration::from_millis(100), Duration::from_secs(30));
    Post {
        sink: Retrying::named(
            once,
            polite(backoff.max_retries(8)),
            StageId::here("http::post"),
        ),
    }
}

/// The sink of [`post`].
#[must_use = "sinks do nothing unless a flow runs into them"]
pub struct Post<F> {
    sink: Retrying<Once<F>, Waits>,
}

/// The waits of a policy, or of the server if they are longer.
type Waits = Box<dyn FnMut(u32, &HttpError) -> Option<Duration> + Send + Sync>;

fn polite<W>(mut backoff: Backoff<W>) -> Backoff<Waits>
where
    W: RetryAfter<HttpError> + Send + Sync + 'static,
{
    let waits: Waits = Box::new(move |retry, error| {
        if !error.is_transient() {
            return None;
        }
        let wait = backoff.wait(retry, error)?;
        Some(wait.max(error.retry_after().unwrap_or_default()))
    });
    Backoff::with(waits)
}

impl<F> Post<F> {
    fn change<G>(self, change: impl FnOnce(Once<F>) -> Once<G>) -> Post<G> {
        let (once, policy, stage) = self.sink.into_parts();
        Post {
            sink: Retrying::named(change(once), policy, stage),
        }
    }

    /// Sets how a batch becomes the body of a request, and the content type that is told.
    pub fn encoding<G>(self, encoding: G, content_type: impl Into<String>) -> Post<G> {
        self.header("content-type", content_type)
            .change(|once| Once {
                url: once.url,
                encoding,
                headers: once.headers,
                max_items: once.max_items,
                max_bytes: once.max_bytes,
                time: once.time,
                longest_wait: once.longest_wait,
                client: once.client,
                ready: None,
            })
    }

    /// Sets a header of every request. One that is none is told at the first write.
    pub fn header(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let (name, value) = (name.into(), value.into());
        self.change(|mut once| {
            once.headers.push((name, value));
            once
        })
    }

    /// Sets how many items a request has at most.
    ///
    /// # Panics
    ///
    /// Panics if `items` is 0.
    #[track_caller]
    pub fn max_items(self, items: usize) -> Self {
        assert!(items > 0, "a request of 0 items posts nothing");
        self.change(|once| Once {
            max_items: items,
            ..once
        })
    }

    /// Sets how many bytes the body of a request has at most; an item that is longer has a request of its own.
    pub fn max_bytes(self, bytes: usize) -> Self {
        self.change(|once| Once {
            max_bytes: bytes,
            ..once
        })
    }

    /// Sets how long an attempt may take, with the connection and the answer; by default 30 seconds.
    pub fn timeout(self, time: Duration) -> Self {
        self.change(|once| Once { time, ..once })
    }

    /// Sets for how long a wait the server may ask by `Retry-After`; if it asks for more, the batch is given up. By
    /// default 5 minutes.
    pub fn longest_wait(self, time: Duration) -> Self {
        self.change(|once| Once {
            longest_wait: time,
            ..once
        })
    }

    /// Encrypts connections to `https://` so, in place of trusting the servers that the web trusts.
    #[cfg(feature = "https")]
    pub fn tls(self, tls: TlsClient) -> Self {
        self.change(|mut once| {
            once.client.tls = Some(tls);
            once
        })
    }

    /// Sets how often and after which waits a request that failed is tried again.
    pub fn retries<W>(self, backoff: Backoff<W>) -> Self
    where
        W: RetryAfter<HttpError> + Send + Sync + 'static,
    {
        let (once, _, stage) = self.sink.into_parts();
        Self {
            sink: Retrying::named(once, polite(backoff), stage),
        }
    }
}

impl<T, F> Sink<T> for Post<F>
where
    T: Send,
    F: Encode<T> + Send + Sync,
{
    type Error = GaveUp<HttpError>;

    async fn write(&mut self, batch: &mut Vec<T>) -> Result<(), Self::Error> {
        self.sink.write(batch).await
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        Sink::<T>::close(&mut self.sink).await
    }
}

impl<F: fmt::Debug> fmt::Debug for Post<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Post").field("sink", &self.sink).finish()
    }
}

/// One attempt for every write.
struct Once<F> {
    url: String,
    encoding: F,
    headers: Vec<(String, String)>,
    max_items: usize,
    max_bytes: usize,
    time: Duration,
    longest_wait: Duration,
    client: Client,
    /// The address and the headers, once they are known to be right.
    ready: Option<(Uri, HeaderMap)>,
}

impl<F> Once<F> {
    fn prepare(&self) -> Result<(Uri, HeaderMap), HttpError> {
        let invalid = |given: &str, cause: &str| HttpError::Invalid {
            given: given.to_owned(),
            cause: cause.into(),
        };
        let uri: Uri = self.url.parse().map_err(|cause| HttpError::Invalid {
            given: self.url.clone(),
            cause: Box::new(cause),
        })?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none() {
            return Err(invalid(&self.url, "it is no http:// address"));
        }
        let mut headers = HeaderMap::new();
        // Without the name and password that may stand before it.
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        let host = authority.rsplit('@').next().unwrap_or_default();
        let host = HeaderValue::from_str(host).map_err(|_| invalid(&self.url, "it has no host"))?;
        headers.insert(HOST, host);
        for (name, value) in &self.headers {
            // The value may be a secret.
            let given = format!("the header {name}");
            let name: HeaderName = name.parse().map_err(|_| invalid(&given, "it is no name"))?;
            let value = value
                .parse()
                .map_err(|_| invalid(&given, "it has no such value"))?;
            headers.insert(name, value);
        }
        Ok((uri, headers))
    }

    async fn attempt(&mut self, body: Bytes) -> Result<(), HttpError> {
        let ready = match self.ready.take() {
            Some(ready) => ready,
            None => self.prepare()?,
        };
        let (uri, headers) = self.ready.insert(ready);
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri.clone();
        *request.headers_mut() = headers.clone();
        let url = self.url.clone();
        match timeout(self.time, self.client.send(request)).await {
            Ok(Ok(answer)) if answer.head.status().is_success() => Ok(()),
            Ok(Ok(answer)) => Err(self.refused(&answer)),
            Ok(Err(Failure::Connect(cause))) => Err(HttpError::Connect { url, cause }),
            Ok(Err(Failure::Broken(cause))) => Err(HttpError::Broken { url, cause }),
            Err(_) => Err(HttpError::TimedOut {
                url,
                after: self.time,
            }),
        }
    }

    fn refused(&self, answer: &Answer) -> HttpError {
        let status = answer.head.status();
        let retry_after = retry_after(answer.head.headers());
        let too_long = retry_after.is_some_and(|wait| wait > self.longest_wait);
        let text = String::from_utf8_lossy(&answer.body);
        let line = text.lines().next().unwrap_or_default();
        HttpError::Status {
            url: self.url.clone(),
            code: status.as_u16(),
            reason: line.chars().take(REASON).collect(),
            retry_after,
            transient: (status.is_server_error() || status.as_u16() == 429) && !too_long,
        }
    }
}

impl<T, F> Sink<T> for Once<F>
where
    T: Send,
    F: Encode<T> + Send + Sync,
{
    type Error = HttpError;

    async fn write(&mut self, batch: &mut Vec<T>) -> Result<(), HttpError> {
        if batch.is_empty() {
            return Ok(());
        }
        let room = Room {
            empty: true,
            bytes: self.max_bytes as u64,
        };
        let mut body = Vec::new();
        let most = batch.len().min(self.max_items);
        let (items, encoded) = encode_batch(&self.encoding, &batch[..most], &room, &mut body);
        if items > 0 {
            self.attempt(body.into()).await?;
            batch.drain(..items);
        }
        encoded.map_err(|cause| HttpError::Encode {
            url: self.url.clone(),
            cause,
        })
    }

    async fn close(&mut self) -> Result<(), HttpError> {
        self.client.close();
        Ok(())
    }
}

impl<F: fmt::Debug> fmt::Debug for Once<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Once")
            .field("url", &self.url)
            .field("encoding", &self.encoding)
            .finish_non_exhaustive()
    }
}
