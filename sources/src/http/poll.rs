//! `poll`: a document of an HTTP server, whenever it has changed.

use std::{
    fmt,
    ops::ControlFlow,
    pin::Pin,
    task::{Poll, ready},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::{
    HeaderMap, StatusCode,
    header::{
        CONTENT_TYPE, ETAG, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH,
        LAST_MODIFIED,
    },
};
use thalweg_core::{Cx, Drained, Holds, Observable, Plan, StageId};
use thalweg_operators::{
    Flow, IntoFlow,
    error::{Backoff, Exponential},
};
use tokio::time::timeout;

use super::{
    HttpError,
    request::{Answer, Get},
};
use crate::reconnect::{Retries, Waiting, wait};
#[cfg(feature = "tls")]
use crate::tls::TlsClient;

/// Bytes that a document may have unless it is told otherwise: 16 MiB.
const MAX_LENGTH: usize = 16 << 20;

/// Asks for a document at once and then every `period`, and emits it when it is not what it was.
///
/// The server is told which version is known (`ETag`, `Last-Modified`), so that it need not send it again; where it sends the
/// same all the same, that is no item. Redirections are followed. It is asked again only when it has answered, and when the
/// consumer wants more. Never completes by itself; when it is asked to stop it completes.
///
/// # Backpressure
///
/// Asks when the consumer wants a document. Holds the last one, to compare: 16 MiB, or
/// [what is told](Polling::max_length).
///
/// # Errors
///
/// [`HttpError`] if the server cannot be reached, does not answer within 30 s, answers with a status that is none of success,
/// or if the document is too large; see [`Polling::reconnect`].
///
/// # Panics
///
/// Panics if `period` is zero.
///
/// # Cancel safety
///
/// Dropping the flow closes the connection that waits for an answer.
///
/// # Examples
///
/// ```no_run
/// use std::time::Duration;
/// use thalweg::{prelude::*, sources::http};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), http::HttpError> {
/// let rates = http::poll("http://127.0.0.1:9000/rates.json", Duration::from_secs(30));
/// rates.for_each(|document| println!("{} bytes", document.body.len())).await?;
/// # Ok(()) }
/// ```
#[doc(alias = "http_get")]
#[track_caller]
pub fn poll(url: impl Into<String>, period: Duration) -> Flow<Polling> {
    Polling::new(url, period).flow()
}

/// What a server has at an address.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Document {
    /// The bytes, as they came.
    pub body: Bytes,
    /// What they are, as the server says.
    pub content_type: Option<String>,
}

/// The observable of [`poll`]. A clone knows no version yet.
#[must_use = "observables do nothing unless they are polled"]
pub struct Polling {
    get: Get,
    period: Duration,
    max_length: usize,
    retries: Retries,
    known: Known,
    state: State,
    id: StageId,
}

/// The version that was emitted last.
#[derive(Clone, Default)]
struct Known {
    etag: Option<HeaderValue>,
    last_modified: Option<HeaderValue>,
    body: Option<Bytes>,
}

type Asking = Pin<Box<dyn Future<Output = Result<Option<(Known, Document)>, HttpError>> + Send>>;

enum State {
    Idle,
    Asking(Asking),
    Waiting(Waiting),
    Ended,
}

impl Polling {
    /// Names the document; [`flow`](IntoFlow::flow) puts the operators on it.
    ///
    /// # Panics
    ///
    /// Panics if `period` is zero.
    #[track_caller]
    pub fn new(url: impl Into<String>, period: Duration) -> Self {
        assert!(!period.is_zero(), "requests without a pause in between");
        Self {
            get: Get::new(url),
            period,
            max_length: MAX_LENGTH,
            retries: Retries::default(),
            known: Known::default(),
            state: State::Idle,
            id: StageId::here("http::poll"),
        }
    }

    /// Sends a header with every request.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.get.headers.push((name.into(), value.into()));
        self
    }

    /// Gives the server so much time for its whole answer, in place of 30 s.
    pub fn answer_timeout(mut self, limit: Duration) -> Self {
        self.get.answer_timeout = limit;
        self
    }

    /// Lets a document have at most so many bytes, in place of 16 MiB.
    pub fn max_length(mut self, bytes: usize) -> Self {
        self.max_length = bytes;
        self
    }

    /// Asks again after an error that is [temporary](HttpError::is_temporary); see [`reconnecting`](crate::reconnecting).
    pub fn reconnect(mut self, backoff: Backoff<Exponential>) -> Self {
        self.retries.set(backoff);
        self
    }

    /// Encrypts as told, in place of trusting those that the web trusts; for `https://`.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: TlsClient) -> Self {
        self.get.tls = Some(tls);
        self
    }

    fn ask(&self) -> Asking {
        let (get, known, max_length) = (self.get.clone(), self.known.clone(), self.max_length);
        Box::pin(async move {
            let asking = timeout(get.answer_timeout, ask(&get, &known, max_length));
            asking.await.unwrap_or_else(|_| {
                Err(HttpError::Late {
                    url: get.url.clone(),
                    limit: get.answer_timeout,
                })
            })
        })
    }
}

/// Asks once; gives the document unless it is the one that is known.
async fn ask(
    get: &Get,
    known: &Known,
    max_length: usize,
) -> Result<Option<(Known, Document)>, HttpError> {
    let mut headers = HeaderMap::new();
    let mut tell = |name: HeaderName, value: &Option<HeaderValue>| {
        if let Some(value) = value {
            headers.insert(name, value.clone());
        }
    };
    tell(IF_NONE_MATCH, &known.etag);
    tell(IF_MODIFIED_SINCE, &known.last_modified);
    let answer = get.send(headers).await?;
    let status = answer.response.status();
    if status == StatusCode::NOT_MODIFIED {
        return Ok(None);
    }
    if !status.is_success() {
        return Err(HttpError::Status {
            url: get.url.clone(),
            status: status.as_u16(),
        });
    }
    let of = |name| answer.response.headers().get(name).cloned();
    let (etag, last_modified, content_type) = (of(ETAG), of(LAST_MODIFIED), of(CONTENT_TYPE));
    let content_type = content_type.and_then(|it| Some(it.to_str().ok()?.to_owned()));
    let body = read(get, answer, max_length).await?;
    if known.body.as_ref() == Some(&body) {
        return Ok(None);
    }
    let known = Known {
        etag,
        last_modified,
        body: Some(body.clone()),
    };
    Ok(Some((known, Document { body, content_type })))
}

async fn read(get: &Get, mut answer: Answer, max_length: usize) -> Result<Bytes, HttpError> {
    let mut body = BytesMut::new();
    while let Some(frame) = answer.response.body_mut().frame().await {
        let frame = frame.map_err(|cause| HttpError::Receive {
            url: get.url.clone(),
            cause,
        })?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if body.len() + data.len() > max_length {
            return Err(HttpError::TooLarge {
                url: get.url.clone(),
                limit: max_length,
            });
        }
        body.extend_from_slice(&data);
    }
    Ok(body.freeze())
}

impl Observable for Polling {
    type Item = Document;
    type Error = HttpError;

    fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: F,
    ) -> Poll<Result<Drained, HttpError>>
    where
        F: FnMut(Document) -> ControlFlow<()>,
    {
        let this = &mut *self;
        if cx.stopping() {
            this.state = State::Ended;
        }
        loop {
            if let State::Ended = this.state {
                this.known = Known::default();
                return Poll::Ready(Ok(Drained::Completed));
            }
            if cx.budget() == 0 {
                return Poll::Ready(Ok(Drained::Exhausted));
            }
            match &mut this.state {
                State::Asking(asking) => {
                    let answered = ready!(asking.as_mut().poll(cx.task()));
                    cx.spend_many(1);
                    match answered {
                        Ok(changed) => {
                            this.retries.opened();
                            this.state = State::Waiting(wait(this.period));
                            let Some((known, document)) = changed else {
                                continue;
                            };
                            this.known = known;
                            if emit(document).is_break() {
                                return Poll::Ready(Ok(Drained::Stopped));
                            }
                        }
                        Err(error) => {
                            this.state = State::Ended;
                            let again = error.is_temporary().then(|| this.retries.lost(&error));
                            match again.flatten() {
                                Some(time) => this.state = State::Waiting(wait(time)),
                                None => return Poll::Ready(Err(error)),
                            }
                        }
                    }
                }
                State::Waiting(waiting) => {
                    ready!(waiting.as_mut().poll(cx.task()));
                    this.state = State::Asking(this.ask());
                }
                State::Idle => this.state = State::Asking(this.ask()),
                State::Ended => {}
            }
        }
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.id).holds(Holds::Items(1));
    }
}

impl Clone for Polling {
    fn clone(&self) -> Self {
        Self {
            get: self.get.clone(),
            period: self.period,
            max_length: self.max_length,
            retries: self.retries.anew(),
            known: Known::default(),
            state: State::Idle,
            id: self.id,
        }
    }
}

impl fmt::Debug for Polling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Polling")
            .field("get", &self.get)
            .field("period", &self.period)
            .field("ended", &matches!(self.state, State::Ended))
            .finish_non_exhaustive()
    }
}
