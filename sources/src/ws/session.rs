//! The connections of a client, one after the other, and what comes over them.

use std::{
    fmt,
    ops::ControlFlow,
    pin::Pin,
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use futures_util::Sink;
use thalweg_core::{Cx, Drained, Plan, StageId};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::{
    Client, Event, WsError,
    incoming::{Incoming, poll_drain},
    open::{Socket, open},
    outgoing::{Outgoing, Queue},
};
use crate::reconnect::{Waiting, wait};

/// Connects at the first poll, and emits what comes and what happens. A clone makes a connection of its own.
pub(super) struct Session {
    client: Client,
    state: State,
    /// What is to be sent, from the first connection on.
    queue: Option<Queue>,
    id: StageId,
}

type Opening = Pin<Box<dyn Future<Output = Result<(Socket, Option<String>), WsError>> + Send>>;

enum State {
    Idle,
    Opening(Opening),
    Open(Box<Open>),
    Waiting(Waiting),
    Ended,
}

/// A connection that says goodbye when it is dropped, if the socket takes that at once.
struct Open {
    socket: Socket,
    pings: Option<Pings>,
}

impl Open {
    /// Sends what is queued, as far as the socket and the budget of the poll go.
    fn send(&mut self, queue: &mut Queue, cx: &mut Cx<'_, '_>) -> Result<(), Error> {
        while cx.budget() > 0
            && let Poll::Ready(sent) = queue.poll_send(&mut self.socket, cx.task())
        {
            sent?;
            cx.spend_many(1);
        }
        match Pin::new(&mut self.socket).poll_flush(cx.task()) {
            Poll::Ready(flushed) => flushed,
            Poll::Pending => Ok(()),
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut task = Context::from_waker(Waker::noop());
        let _ = Pin::new(&mut self.socket).poll_close(&mut task);
    }
}

impl Session {
    #[track_caller]
    pub(super) fn new(name: &'static str, client: Client) -> Self {
        Self {
            client,
            state: State::Idle,
            queue: None,
            id: StageId::here(name),
        }
    }

    pub(super) fn poll_drain(
        &mut self,
        cx: &mut Cx<'_, '_>,
        mut emit: impl FnMut(Event) -> ControlFlow<()>,
    ) -> Poll<Result<Drained, WsError>> {
        if cx.stopping() {
            self.state = State::Ended;
        }
        loop {
            if let State::Ended = self.state {
                self.let_go();
                return Poll::Ready(Ok(Drained::Completed));
            }
            if cx.budget() == 0 {
                return Poll::Ready(Ok(Drained::Exhausted));
            }
            let happened = match &mut self.state {
                State::Idle => {
                    if self.queue.is_none() {
                        self.queue = self.client.outgoing.as_ref().and_then(Outgoing::take);
                    }
                    self.state = State::Opening(Box::pin(open(self.client.clone())));
                    continue;
                }
                State::Opening(opening) => match ready!(opening.as_mut().poll(cx.task())) {
                    Ok((socket, subprotocol)) => {
                        self.client.retries.opened();
                        let pings = self.client.ping_every.map(Pings::new);
                        self.state = State::Open(Box::new(Open { socket, pings }));
                        Event::Connected { subprotocol }
                    }
                    Err(error) => self.lost(error)?,
                },
                State::Open(open) => {
                    if let Some(pings) = &mut open.pings {
                        pings.poll(&mut open.socket, cx.task());
                    }
                    if let Some(queue) = &mut self.queue
                        && let Err(cause) = open.send(queue, cx)
                    {
                        let url = self.client.url.clone();
                        let lost = self.lost(WsError::Send { url, cause })?;
                        cx.spend_many(1);
                        if emit(lost).is_break() {
                            return Poll::Ready(Ok(Drained::Stopped));
                        }
                        continue;
                    }
                    let socket = Pin::new(&mut open.socket);
                    let message = |message| emit(Event::Message(message));
                    match ready!(poll_drain(socket, &self.client.url, cx, message)) {
                        Ok(Incoming::Paused(drained)) => return Poll::Ready(Ok(drained)),
                        Ok(Incoming::Closed { code, reason }) => match self.closed(code, reason) {
                            Some(event) => event,
                            None => continue,
                        },
                        Err(error) => self.lost(error)?,
                    }
                }
                State::Waiting(waiting) => {
                    ready!(waiting.as_mut().poll(cx.task()));
                    self.state = State::Idle;
                    continue;
                }
                State::Ended => continue,
            };
            cx.spend_many(1);
            if emit(happened).is_break() {
                return Poll::Ready(Ok(Drained::Stopped));
            }
        }
    }

    /// Nothing is sent any more: unless a clone is to, senders hear of it.
    fn let_go(&mut self) {
        self.queue = None;
        self.client.outgoing = None;
    }

    /// Drops the connection, and decides whether there is to be another: if so, gives what happened.
    fn lost(&mut self, error: WsError) -> Result<Event, WsError> {
        self.state = State::Ended;
        let again = if error.is_final(self.client.retry_code) {
            None
        } else {
            self.client.retries.lost(&error)
        };
        let Some(retry_after) = again else {
            self.let_go();
            return Err(error);
        };
        self.state = State::Waiting(wait(retry_after));
        Ok(Event::Disconnected { error, retry_after })
    }

    /// A good end is one unless there is to be another connection.
    fn closed(&mut self, code: u16, reason: String) -> Option<Event> {
        let url = self.client.url.clone();
        self.lost(WsError::Closed { url, code, reason }).ok()
    }

    pub(super) fn describe(&self, plan: &mut Plan) {
        plan.stage(self.id);
    }
}

impl Clone for Session {
    fn clone(&self) -> Self {
        let mut client = self.client.clone();
        client.retries = self.client.retries.anew();
        Self {
            client,
            state: State::Idle,
            queue: None,
            id: self.id,
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            State::Idle => "idle",
            State::Opening(_) => "connecting",
            State::Open(_) => "open",
            State::Waiting(_) => "waiting to connect again",
            State::Ended => "ended",
        };
        f.debug_struct(self.id.name())
            .field("client", &self.client)
            .field("state", &state)
            .finish_non_exhaustive()
    }
}

/// Pings when it is time to, if there is room for one.
struct Pings {
    period: Duration,
    timer: Waiting,
}

impl Pings {
    fn new(period: Duration) -> Self {
        Self {
            period,
            timer: wait(period),
        }
    }

    fn poll(&mut self, socket: &mut Socket, task: &mut Context<'_>) {
        while self.timer.as_mut().poll(task).is_ready() {
            let mut socket = Pin::new(&mut *socket);
            // That the connection is broken is seen by who reads from it.
            if let Poll::Ready(Ok(())) = socket.as_mut().poll_ready(task)
                && socket
                    .as_mut()
                    .start_send(Message::Ping(Vec::new().into()))
                    .is_ok()
            {
                let _ = socket.poll_flush(task);
            }
            self.timer.as_mut().reset(Instant::now() + self.period);
        }
    }
}
