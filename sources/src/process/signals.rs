//! `signals`: those that the process is sent.

use std::{error::Error, fmt, io, ops::ControlFlow, pin::Pin, task::Poll};

use thalweg_core::{Cx, Drained, Observable, Plan, StageId};
use thalweg_operators::Flow;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Emits the signals of the given kinds that the process is sent.
///
/// From the first poll on, and to the end of the process, these signals do no longer what they do by default: one that
/// terminates it does so only if the program ends itself, also after the flow is dropped. Never completes by itself; when
/// it is asked to stop it completes.
///
/// # Backpressure
///
/// None: several of one kind that come before the consumer wants one are one, as in the system itself. Holds one item for
/// each kind.
///
/// # Errors
///
/// [`SignalError`] if the system does not let a program handle that kind, as with SIGKILL.
///
/// # Cancel safety
///
/// Dropping the flow loses the signals that were not emitted, and no more.
///
/// # Examples
///
/// ```no_run
/// use thalweg::{prelude::*, sources::signals};
/// use tokio::signal::unix::SignalKind;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut reloads = signals([SignalKind::hangup()]);
/// while let Some(_hangup) = reloads.next().await? {
///     println!("reading the configuration again");
/// }
/// # Ok(()) }
/// ```
#[doc(alias = "ctrl_c")]
#[track_caller]
pub fn signals(kinds: impl IntoIterator<Item = SignalKind>) -> Flow<Signals> {
    Flow::new(Signals {
        state: State::Idle(kinds.into_iter().collect()),
        id: StageId::here("signals"),
    })
}

/// The observable of [`signals`]. A clone listens by itself.
#[derive(Debug)]
#[must_use = "observables do nothing unless they are polled"]
pub struct Signals {
    state: State,
    id: StageId,
}

#[derive(Debug)]
enum State {
    Idle(Vec<SignalKind>),
    /// The kind that is asked first is another at every poll.
    Listening {
        signals: Vec<(SignalKind, Signal)>,
        first: usize,
    },
    Ended,
}

fn listen(kinds: &[SignalKind]) -> Result<Vec<(SignalKind, Signal)>, SignalError> {
    let listen = |kind: &SignalKind| match signal(*kind) {
        Ok(signal) => Ok((*kind, signal)),
        Err(cause) => Err(SignalError { kind: *kind, cause }),
    };
    kinds.iter().map(listen).collect()
}

impl Observable for Signals {
    type Item = SignalKind;
    type Error = SignalError;

    fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: F,
    ) -> Poll<Result<Drained, SignalError>>
    where
        F: FnMut(SignalKind) -> ControlFlow<()>,
    {
        if cx.stopping() {
            self.state = State::Ended;
        }
        if let State::Idle(kinds) = &self.state {
            let listening = listen(kinds);
            self.state = State::Ended;
            let signals = listening?;
            self.state = State::Listening { signals, first: 0 };
        }
        let State::Listening { signals, first } = &mut self.state else {
            return Poll::Ready(Ok(Drained::Completed));
        };
        *first = (*first + 1) % signals.len().max(1);
        let (after, before) = signals.split_at_mut(*first);
        for (kind, signal) in before.iter_mut().chain(after) {
            while cx.budget() > 0 {
                let Poll::Ready(came) = signal.poll_recv(cx.task()) else {
                    break;
                };
                cx.spend_many(1);
                if came.is_some() && emit(*kind).is_break() {
                    return Poll::Ready(Ok(Drained::Stopped));
                }
            }
        }
        if cx.budget() == 0 {
            return Poll::Ready(Ok(Drained::Exhausted));
        }
        Poll::Pending
    }

    fn describe(&self, plan: &mut Plan) {
        let kinds = match &self.state {
            State::Idle(kinds) => kinds.len(),
            State::Listening { signals, .. } => signals.len(),
            State::Ended => 0,
        };
        plan.stage(self.id)
            .holds(thalweg_core::Holds::at_most(kinds));
    }
}

impl Clone for Signals {
    fn clone(&self) -> Self {
        let kinds = match &self.state {
            State::Idle(kinds) => kinds.clone(),
            State::Listening { signals, .. } => signals.iter().map(|(kind, _)| *kind).collect(),
            State::Ended => {
                return Self {
                    state: State::Ended,
                    id: self.id,
                };
            }
        };
        Self {
            state: State::Idle(kinds),
            id: self.id,
        }
    }
}

/// A signal that cannot be listened to.
#[derive(Debug)]
pub struct SignalError {
    kind: SignalKind,
    cause: io::Error,
}

impl fmt::Display for SignalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.kind.as_raw_value();
        write!(f, "cannot listen to signal {number}: {}", self.cause)
    }
}

impl Error for SignalError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}
