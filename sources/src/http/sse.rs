//! Server-sent events: `sse::connect`.

use std::{
    fmt,
    ops::ControlFlow,
    pin::Pin,
    task::{Poll, ready},
    time::Duration,
};

use hyper::{
    HeaderMap,
    body::Body as _,
    header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue},
};
use thalweg_core::{Cx, Drained, Observable, Plan, StageId};
use thalweg_operators::{
    Flow, IntoFlow,
    error::{Backoff, Exponential},
};

use super::{
    HttpError,
    event_stream::{Parser, TooLarge},
    request::{Answer, Get},
};
#[cfg(feature = "tls")]
use crate::tls::TlsClient;
use crate::{
    line_source::DEFAULT_MAX_LENGTH,
    reconnect::{Retries, Waiting, reconnecting, wait},
};

/// Time before a new connection, unless the server tells another with `retry:`.
const RECONNECTION_TIME: Duration = Duration::from_secs(3);

/// Connects to a server when it is polled, and emits the events that it sends, as a browser's `EventSource` does.
///
/// It connects again when the connection is closed, is lost or cannot be made, and tells the server the last id, so that it
/// can go on from there. It waits 3 s before, or what the server says with `retry:`, and besides what
/// [`reconnecting`] says. Redirections are followed. Completes when the server answers with status 204,
/// or when it is asked to stop. An event that the end of a connection cut short is dropped.
///
/// # Backpressure
///
/// A consumer that is slow fills the buffers of the connection, and so holds back the server. Holds no event, and at most
/// one of bytes: 1 MiB, or [what is told](Sse::max_length), and what the connection reads at once.
///
/// # Errors
///
/// [`HttpError`] if the server answers with a status that is neither 200 nor 204, or with something that is no stream of
/// events, or if an event is too large; and if connections fail more often than [`Sse::reconnect`] allows.
///
/// # Cancel safety
///
/// Dropping the flow closes the connection; events that were not emitted are lost.
///
/// # Examples
///
/// ```no_run
/// use thalweg::{prelude::*, sources::http::{HttpError, sse}};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), HttpError> {
/// let changes = sse::connect("http://127.0.0.1:9000/changes");
/// changes.take(10).for_each(|change| println!("{}: {}", change.event, change.data)).await?;
/// # Ok(()) }
/// ```
#[doc(alias = "EventSource")]
#[track_caller]
pub fn connect(url: impl Into<String>) -> Flow<Sse> {
    Sse::new(url).flow()
}

/// What a server sent as one event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SseEvent {
    /// Its type; `message` if the server told none.
    pub event: String,
    /// Its lines, between them line feeds.
    pub data: String,
    /// The last id that the server told, with this event or before; empty if it told none.
    pub id: String,
}

/// The observable of [`connect`]. A clone makes a connection of its own, and begins with the id that was told by hand.
#[must_use = "observables do nothing unless they are polled"]
pub struct Sse {
    get: Get,
    first_id: String,
    last_id: String,
    reconnection_time: Duration,
    max_length: usize,
    retries: Retries,
    state: State,
    id: StageId,
}

type Opening = Pin<Box<dyn Future<Output = Result<Answer, HttpError>> + Send>>;

enum State {
    Idle,
    Opening(Opening),
    Open(Box<(Answer, Parser)>),
    Waiting(Waiting),
    Ended,
}

impl Sse {
    /// Names the server; [`flow`](IntoFlow::flow) puts the operators on it.
    #[track_caller]
    pub fn new(url: impl Into<String>) -> Self {
        let mut retries = Retries::default();
        retries.set(reconnecting());
        Self {
            get: Get::new(url),
            first_id: String::new(),
            last_id: String::new(),
            reconnection_time: RECONNECTION_TIME,
            max_length: DEFAULT_MAX_LENGTH,
            retries,
            state: State::Idle,
            id: StageId::here("sse::connect"),
        }
    }

    /// Sends a header with every request.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.get.headers.push((name.into(), value.into()));
        self
    }

    /// Goes on after the event of that id, which an earlier run has seen.
    pub fn last_event_id(mut self, id: impl Into<String>) -> Self {
        self.first_id = id.into();
        self.last_id.clone_from(&self.first_id);
        self
    }

    /// Gives the server so much time for the head of its answer, in place of 30 s.
    pub fn answer_timeout(mut self, limit: Duration) -> Self {
        self.get.answer_timeout = limit;
        self
    }

    /// Takes the connection for lost when nothing comes for so long, not even a comment.
    pub fn idle_timeout(mut self, limit: Duration) -> Self {
        self.get.idle_timeout = Some(limit);
        self
    }

    /// Waits as `backoff` says, besides what the server wants, and gives up when it does.
    pub fn reconnect(mut self, backoff: Backoff<Exponential>) -> Self {
        self.retries.set(backoff);
        self
    }

    /// Lets an event have at most so many bytes, in place of 1 MiB.
    pub fn max_length(mut self, bytes: usize) -> Self {
        self.max_length = bytes;
        self
    }

    /// Encrypts as told, in place of trusting those that the web trusts; for `https://`.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: TlsClient) -> Self {
        self.get.tls = Some(tls);
        self
    }

    fn open(&self) -> Opening {
        let (get, last_id) = (self.get.clone(), self.last_id.clone());
        Box::pin(async move {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_static("text/event-stream"));
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            if !last_id.is_empty()
                && let Ok(id) = HeaderValue::from_bytes(last_id.as_bytes())
            {
                headers.insert(HeaderName::from_static("last-event-id"), id);
            }
            get.send(headers).await
        })
    }

    /// Looks at the head of an answer; `None` is the end that the server wants.
    fn accept(&self, answer: Answer) -> Result<Option<Answer>, HttpError> {
        let url = || self.get.url.clone();
        match answer.response.status().as_u16() {
            204 => return Ok(None),
            200 => {}
            status => return Err(HttpError::Status { url: url(), status }),
        }
        let content_type = answer.response.headers().get(CONTENT_TYPE);
        let content_type = content_type.map_or("", |it| it.to_str().unwrap_or(""));
        let essence = content_type.split(';').next().unwrap_or("").trim();
        if essence.eq_ignore_ascii_case("text/event-stream") {
            return Ok(Some(answer));
        }
        Err(HttpError::NotEvents {
            url: url(),
            content_type: content_type.to_owned(),
        })
    }

    /// Drops the connection, and decides whether there is to be another.
    fn lost(&mut self, error: Option<HttpError>) -> Result<(), HttpError> {
        self.state = State::Ended;
        match (self.retries.lost(&error), error) {
            (Some(besides), _) => {
                let time = self.reconnection_time.saturating_add(besides);
                self.state = State::Waiting(wait(time));
                Ok(())
            }
            (None, Some(error)) => Err(error),
            (None, None) => Ok(()),
        }
    }
}

impl Observable for Sse {
    type Item = SseEvent;
    type Error = HttpError;

    fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: F,
    ) -> Poll<Result<Drained, HttpError>>
    where
        F: FnMut(SseEvent) -> ControlFlow<()>,
    {
        let this = &mut *self;
        if cx.stopping() {
            this.state = State::Ended;
        }
        loop {
            if let State::Ended = this.state {
                return Poll::Ready(Ok(Drained::Completed));
            }
            if cx.budget() == 0 {
                return Poll::Ready(Ok(Drained::Exhausted));
            }
            match &mut this.state {
                State::Idle => this.state = State::Opening(this.open()),
                State::Opening(opening) => match ready!(opening.as_mut().poll(cx.task())) {
                    Ok(answer) => {
                        this.state = State::Ended;
                        let Some(answer) = this.accept(answer)? else {
                            continue;
                        };
                        this.retries.opened();
                        let parser = Parser::new(this.last_id.clone(), this.max_length);
                        this.state = State::Open(Box::new((answer, parser)));
                    }
                    Err(error) if error.is_temporary() => this.lost(Some(error))?,
                    Err(error) => {
                        this.state = State::Ended;
                        return Poll::Ready(Err(error));
                    }
                },
                State::Open(open) => {
                    let (answer, parser) = &mut **open;
                    let parsed = parser.next();
                    if this.last_id != parser.last_id() {
                        parser.last_id().clone_into(&mut this.last_id);
                    }
                    if let Some(time) = parser.take_retry() {
                        this.reconnection_time = time;
                    }
                    match parsed {
                        Ok(Some(event)) => {
                            cx.spend_many(1);
                            if emit(event).is_break() {
                                return Poll::Ready(Ok(Drained::Stopped));
                            }
                            continue;
                        }
                        Ok(None) => {}
                        Err(TooLarge) => {
                            this.state = State::Ended;
                            return Poll::Ready(Err(HttpError::TooLarge {
                                url: this.get.url.clone(),
                                limit: this.max_length,
                            }));
                        }
                    }
                    let body = Pin::new(answer.response.body_mut());
                    match ready!(body.poll_frame(cx.task())) {
                        Some(Ok(frame)) => {
                            // Comments cost a turn as well, so that a flood of them does not hold the thread.
                            cx.spend_many(1);
                            if let Some(data) = frame.data_ref() {
                                parser.push(data);
                            }
                        }
                        Some(Err(cause)) => {
                            let url = this.get.url.clone();
                            this.lost(Some(HttpError::Receive { url, cause }))?;
                        }
                        None => this.lost(None)?,
                    }
                }
                State::Waiting(waiting) => {
                    ready!(waiting.as_mut().poll(cx.task()));
                    this.state = State::Idle;
                }
                State::Ended => {}
            }
        }
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.id);
    }
}

impl Clone for Sse {
    fn clone(&self) -> Self {
        Self {
            get: self.get.clone(),
            first_id: self.first_id.clone(),
            last_id: self.first_id.clone(),
            reconnection_time: RECONNECTION_TIME,
            max_length: self.max_length,
            retries: self.retries.anew(),
            state: State::Idle,
            id: self.id,
        }
    }
}

impl fmt::Debug for Sse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sse")
            .field("get", &self.get)
            .field("last_id", &self.last_id)
            .field("ended", &matches!(self.state, State::Ended))
            .finish_non_exhaustive()
    }
}
