//! What clients of all kinds of sockets have in common: frames of a connection, and of the next if it is lost.

use std::{
    fmt,
    ops::ControlFlow,
    task::{Poll, ready},
    time::Duration,
};

use thalweg_core::{Cx, Drained, Plan, StageId};
use thalweg_operators::error::{Backoff, Exponential};
use tokio_util::codec::Decoder;

use super::{
    IdleTimeout,
    transport::{BoxTransport, CONNECT_TIMEOUT, Dial, within},
};
use crate::{
    framing::{FrameCause, FrameError, FrameReader},
    line_source::Opening,
    reconnect::{Retries, Waiting, wait},
};

/// Connects at the first poll and emits the frames that come. A clone makes a connection of its own.
pub(crate) struct Client<D, F> {
    pub(crate) dial: D,
    framing: F,
    connect_timeout: Duration,
    idle_timeout: Option<Duration>,
    retries: Retries,
    state: State<F>,
    id: StageId,
}

enum State<F> {
    Idle,
    Connecting(Opening<BoxTransport>),
    Open(FrameReader<IdleTimeout<BoxTransport>, F>),
    Waiting(Waiting),
    Ended,
}

impl<D: Dial, F: Decoder<Error: Into<FrameCause>> + Clone> Client<D, F> {
    #[track_caller]
    pub(crate) fn new(name: &'static str, dial: D, framing: F) -> Self {
        Self {
            dial,
            framing,
            connect_timeout: CONNECT_TIMEOUT,
            idle_timeout: None,
            retries: Retries::default(),
            state: State::Idle,
            id: StageId::here(name),
        }
    }

    pub(crate) fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    pub(crate) fn idle_timeout(mut self, limit: Duration) -> Self {
        self.idle_timeout = Some(limit);
        self
    }

    pub(crate) fn reconnect(mut self, backoff: Backoff<Exponential>) -> Self {
        self.retries.set(backoff);
        self
    }

    pub(crate) fn poll_drain(
        &mut self,
        cx: &mut Cx<'_, '_>,
        mut emit: impl FnMut(F::Item) -> ControlFlow<()>,
    ) -> Poll<Result<Drained, FrameError>> {
        if cx.stopping() {
            self.state = State::Ended;
        }
        loop {
            match &mut self.state {
                State::Idle => {
                    let connecting = within(self.connect_timeout, self.dial.dial());
                    self.state = State::Connecting(Box::pin(connecting));
                }
                State::Connecting(connecting) => {
                    match ready!(connecting.as_mut().poll(cx.task())) {
                        Ok(stream) => {
                            self.retries.opened();
                            let stream = IdleTimeout::optional(stream, self.idle_timeout);
                            let framing = self.framing.clone();
                            self.state =
                                State::Open(FrameReader::new(stream, self.dial.name(), framing));
                        }
                        Err(cause) => {
                            let error =
                                FrameError::new(&self.dial.name(), 1, FrameCause::Open(cause));
                            self.lost(Err(error))?;
                        }
                    }
                }
                State::Open(reader) => match ready!(reader.poll_drain(cx, &mut emit)) {
                    Ok(Drained::Completed) => self.lost(Ok(()))?,
                    Err(error) => self.lost(Err(error))?,
                    drained => return Poll::Ready(drained),
                },
                State::Waiting(waiting) => {
                    ready!(waiting.as_mut().poll(cx.task()));
                    self.state = State::Idle;
                }
                State::Ended => return Poll::Ready(Ok(Drained::Completed)),
            }
        }
    }

    /// Drops the connection, and decides whether there is to be another.
    fn lost(&mut self, end: Result<(), FrameError>) -> Result<(), FrameError> {
        self.state = State::Ended;
        // What came over the connection was wrong: it would be over the next one too.
        let is_final = matches!(&end, Err(error) if !error.is_of_the_connection());
        if !is_final && let Some(time) = self.retries.lost(&end) {
            self.state = State::Waiting(wait(time));
            return Ok(());
        }
        end
    }

    pub(crate) fn describe(&self, plan: &mut Plan) {
        plan.stage(self.id);
    }
}

// Nothing in it is ever pinned where it stands.
impl<D, F> Unpin for Client<D, F> {}

impl<D: Clone, F: Clone> Clone for Client<D, F> {
    fn clone(&self) -> Self {
        Self {
            dial: self.dial.clone(),
            framing: self.framing.clone(),
            connect_timeout: self.connect_timeout,
            idle_timeout: self.idle_timeout,
            retries: self.retries.anew(),
            state: State::Idle,
            id: self.id,
        }
    }
}

impl<D: Dial, F> fmt::Debug for Client<D, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            State::Idle => "idle",
            State::Connecting(_) => "connecting",
            State::Open(_) => "open",
            State::Waiting(_) => "waiting to connect again",
            State::Ended => "ended",
        };
        f.debug_struct(self.id.name())
            .field("server", &self.dial.name())
            .field("state", &state)
            .finish_non_exhaustive()
    }
}
