//! `command`: what another program prints.

use std::{
    error::Error,
    fmt, io,
    ops::ControlFlow,
    pin::{Pin, pin},
    process::{ExitStatus, Stdio},
    task::{Poll, ready},
};

use thalweg_core::{Cx, Drained, Observable, Plan, StageId};
use thalweg_operators::{Flow, IntoFlow};
use tokio::{
    io::AsyncRead,
    process::{Child, ChildStderr, ChildStdout, Command},
};
use tokio_util::codec::Decoder;

use crate::framing::{FrameCause, FrameError, FrameReader, Lines, lines};

/// Items that one of the two outputs may hand on before the other has its turn.
const QUANTUM: u32 = 64;

/// Starts a program at the first poll, and emits the lines that it prints, to its output or its error output.
///
/// Completes when both outputs are closed and the program has ended well; the exit status can be an
/// [item](CommandOutput::exit_as_item). When it is asked to stop it kills the program and completes. Each output is in order,
/// the two among each other only roughly, as the system has two pipes for them. What stands at its input, and in its
/// environment, `command` says itself.
///
/// For other frames than lines see [`CommandOutput::framing`]; to start a program again, make the flow in `defer`.
///
/// # Backpressure
///
/// A consumer that is slow fills the pipes, and so holds back the program. Holds no item, and at most a line or 8 KiB of
/// bytes for each output.
///
/// # Errors
///
/// [`CommandError`] if the program cannot be started, if what it prints is no text or has too long a line, or if it ends
/// with an exit status that is not 0.
///
/// # Cancel safety
///
/// Dropping the flow kills the program, but not those that it has started itself.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sources::{Output, command}};
/// use tokio::process::Command;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut echo = Command::new("echo");
/// echo.arg("hello");
/// let printed = command(echo).collect::<Vec<_>>().await?;
/// assert_eq!(printed, [Output::Stdout("hello".to_owned())]);
/// # Ok(()) }
/// ```
#[doc(alias = "child_process")]
#[doc(alias = "exec")]
#[track_caller]
pub fn command(command: Command) -> Flow<CommandOutput<Lines>> {
    CommandOutput::new(command).flow()
}

/// What a program prints, and how it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output<T> {
    /// It printed this to its standard output.
    Stdout(T),
    /// It printed this to its standard error output.
    Stderr(T),
    /// It ended; only with [`CommandOutput::exit_as_item`], and last.
    Exited(ExitStatus),
}

/// The observable of [`command`].
#[must_use = "observables do nothing unless they are polled"]
pub struct CommandOutput<F> {
    state: State<F>,
    framing: F,
    exit_as_item: bool,
    id: StageId,
}

enum State<F> {
    Idle(Box<Command>),
    Running(Box<Running<F>>),
    Ended,
}

struct Running<F> {
    name: String,
    child: Child,
    stdout: Option<FrameReader<ChildStdout, F>>,
    stderr: Option<FrameReader<ChildStderr, F>>,
    /// Which of the two is polled first, so that neither starves.
    stderr_first: bool,
}

impl CommandOutput<Lines> {
    /// Takes the program and its arguments; [`flow`](IntoFlow::flow) puts the operators on it.
    #[track_caller]
    pub fn new(command: Command) -> Self {
        Self {
            state: State::Idle(Box::new(command)),
            framing: lines(),
            exit_as_item: false,
            id: StageId::here("command"),
        }
    }
}

impl<F> CommandOutput<F> {
    /// Cuts what is printed as `framing` says, in place of lines of up to 1 MiB.
    pub fn framing<G>(self, framing: G) -> CommandOutput<G> {
        let state = match self.state {
            State::Idle(command) => State::Idle(command),
            State::Running(_) | State::Ended => State::Ended,
        };
        CommandOutput {
            state,
            framing,
            exit_as_item: self.exit_as_item,
            id: self.id,
        }
    }

    /// Makes the exit status the last item, whatever it is; one that is not 0 is no error then.
    pub fn exit_as_item(mut self) -> Self {
        self.exit_as_item = true;
        self
    }
}

impl<F: Decoder<Error: Into<FrameCause>> + Clone> CommandOutput<F> {
    fn start(&mut self) -> Result<(), CommandError> {
        let State::Idle(command) = &mut self.state else {
            return Ok(());
        };
        command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let name = command.as_std().get_program().display().to_string();
        let spawned = command.spawn();
        self.state = State::Ended;
        let mut child = match spawned {
            Ok(child) => child,
            Err(cause) => {
                return Err(CommandError::Start {
                    command: name,
                    cause,
                });
            }
        };
        let framing = &self.framing;
        let stdout = child
            .stdout
            .take()
            .map(|pipe| FrameReader::new(pipe, format!("the output of {name}"), framing.clone()));
        let stderr = child.stderr.take().map(|pipe| {
            FrameReader::new(pipe, format!("the error output of {name}"), framing.clone())
        });
        self.state = State::Running(Box::new(Running {
            name,
            child,
            stdout,
            stderr,
            stderr_first: false,
        }));
        Ok(())
    }
}

impl<F: Decoder<Error: Into<FrameCause>> + Clone> Running<F> {
    fn poll_drain(
        &mut self,
        cx: &mut Cx<'_, '_>,
        emit: &mut impl FnMut(Output<F::Item>) -> ControlFlow<()>,
    ) -> Poll<Result<Drained, CommandError>> {
        loop {
            if cx.budget() == 0 {
                return Poll::Ready(Ok(Drained::Exhausted));
            }
            let mut is_busy = false;
            self.stderr_first = !self.stderr_first;
            for is_stderr in [self.stderr_first, !self.stderr_first] {
                let polled = if is_stderr {
                    poll_output(&mut self.stderr, cx, |frame| emit(Output::Stderr(frame)))
                } else {
                    poll_output(&mut self.stdout, cx, |frame| emit(Output::Stdout(frame)))
                };
                match polled {
                    Poll::Ready(Ok(Drained::Stopped)) => return Poll::Ready(Ok(Drained::Stopped)),
                    Poll::Ready(Ok(Drained::Exhausted)) => is_busy = true,
                    Poll::Ready(Ok(Drained::Completed)) | Poll::Pending => {}
                    Poll::Ready(Err(error)) => {
                        return Poll::Ready(Err(CommandError::Output(error)));
                    }
                }
            }
            if self.stdout.is_none() && self.stderr.is_none() {
                return Poll::Ready(Ok(Drained::Completed));
            }
            if !is_busy {
                return Poll::Pending;
            }
        }
    }

    fn poll_exit(&mut self, cx: &mut Cx<'_, '_>) -> Poll<Result<ExitStatus, CommandError>> {
        let waited = ready!(pin!(self.child.wait()).poll(cx.task()));
        Poll::Ready(waited.map_err(|cause| CommandError::Wait {
            command: self.name.clone(),
            cause,
        }))
    }
}

/// Drains one output up to its share of the budget, and drops it at its end.
fn poll_output<R, F>(
    output: &mut Option<FrameReader<R, F>>,
    cx: &mut Cx<'_, '_>,
    emit: impl FnMut(F::Item) -> ControlFlow<()>,
) -> Poll<Result<Drained, FrameError>>
where
    R: AsyncRead + Unpin,
    F: Decoder<Error: Into<FrameCause>>,
{
    let Some(reader) = output else {
        return Poll::Ready(Ok(Drained::Completed));
    };
    let drained = ready!(cx.limited(QUANTUM, |cx| reader.poll_drain(cx, emit)));
    if let Ok(Drained::Completed) = drained {
        *output = None;
    }
    Poll::Ready(drained)
}

// Neither the pipes nor the framing is ever pinned.
impl<F> Unpin for CommandOutput<F> {}

impl<F: Decoder<Error: Into<FrameCause>> + Clone> Observable for CommandOutput<F> {
    type Item = Output<F::Item>;
    type Error = CommandError;

    fn poll_drain<E>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: E,
    ) -> Poll<Result<Drained, CommandError>>
    where
        E: FnMut(Self::Item) -> ControlFlow<()>,
    {
        let this = &mut *self;
        if cx.stopping() {
            this.state = State::Ended;
        }
        this.start()?;
        let State::Running(running) = &mut this.state else {
            return Poll::Ready(Ok(Drained::Completed));
        };
        let drained = ready!(running.poll_drain(cx, &mut emit));
        if !matches!(drained, Ok(Drained::Completed) | Err(_)) {
            return Poll::Ready(drained);
        }
        let ended = match drained {
            Err(error) => Err(error),
            Ok(_) => ready!(running.poll_exit(cx)),
        };
        let command = std::mem::take(&mut running.name);
        this.state = State::Ended;
        let status = ended?;
        if this.exit_as_item {
            cx.spend_many(1);
            let _ = emit(Output::Exited(status));
        } else if !status.success() {
            return Poll::Ready(Err(CommandError::Failed { command, status }));
        }
        Poll::Ready(Ok(Drained::Completed))
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.id);
    }
}

impl<F> fmt::Debug for CommandOutput<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("CommandOutput");
        match &self.state {
            State::Idle(command) => out.field("command", command.as_std()),
            State::Running(running) => out.field("running", &running.child.id()),
            State::Ended => out.field("ended", &true),
        };
        out.finish_non_exhaustive()
    }
}

/// Why there is no more of what a program prints.
#[derive(Debug)]
#[non_exhaustive]
pub enum CommandError {
    /// The program could not be started.
    Start {
        /// The program.
        command: String,
        /// What the system said.
        cause: io::Error,
    },
    /// What it prints could not be read.
    Output(FrameError),
    /// The system could not tell how it ended.
    Wait {
        /// The program.
        command: String,
        /// What the system said.
        cause: io::Error,
    },
    /// It ended with an exit status that is not 0, or by a signal.
    Failed {
        /// The program.
        command: String,
        /// How it ended.
        status: ExitStatus,
    },
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start { command, cause } => write!(f, "cannot start {command}: {cause}"),
            Self::Output(error) => error.fmt(f),
            Self::Wait { command, cause } => {
                write!(f, "cannot tell how {command} ended: {cause}")
            }
            Self::Failed { command, status } => write!(f, "{command} failed: {status}"),
        }
    }
}

impl Error for CommandError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Start { cause, .. } | Self::Wait { cause, .. } => Some(cause),
            // `Display` already says what the cause says, so the chain goes on below it.
            Self::Output(error) => error.source(),
            Self::Failed { .. } => None,
        }
    }
}
