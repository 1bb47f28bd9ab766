//! A reader that fails when nothing comes for too long.

use std::{
    error::Error,
    fmt, io,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Duration, Instant, Sleep, sleep_until},
};

/// A reader that fails once nothing came for a time while it was waited for, with [`io::ErrorKind::TimedOut`].
///
/// The time counts from the first read that finds nothing, so that a consumer that is slow is not taken for a peer that
/// is gone. A connection whose other side lost its power or its network is open for ever otherwise. What is written passes
/// through.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use thalweg::{prelude::*, sources::{IdleTimeout, framing::{frames, lines}}};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// let (_theirs, ours) = tokio::io::duplex(8);
/// let reader = IdleTimeout::new(ours, Duration::from_secs(30));
/// let error = frames(reader, "a pipe", lines()).count().await.unwrap_err();
/// assert_eq!(error.to_string(), "nothing came for 30s over a pipe");
/// # }
/// ```
pub struct IdleTimeout<R> {
    inner: R,
    limit: Option<Duration>,
    /// When the wait for the next bytes ends, while there is one.
    until: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl<R> IdleTimeout<R> {
    /// Lets `inner` be silent for at most `limit`.
    pub fn new(inner: R, limit: Duration) -> Self {
        Self::optional(inner, Some(limit))
    }

    pub(crate) fn optional(inner: R, limit: Option<Duration>) -> Self {
        Self {
            inner,
            limit,
            until: None,
            timer: None,
        }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for IdleTimeout<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if let Poll::Ready(read) = Pin::new(&mut this.inner).poll_read(task, buffer) {
            this.until = None;
            return Poll::Ready(read);
        }
        let Some(limit) = this.limit else {
            return Poll::Pending;
        };
        let timer = match (&mut this.timer, this.until) {
            (Some(timer), Some(_)) => timer,
            (timer, _) => {
                // A time that is beyond what the clock can tell is for ever.
                let Some(until) = Instant::now().checked_add(limit) else {
                    return Poll::Pending;
                };
                this.until = Some(until);
                let timer = timer.get_or_insert_with(|| Box::pin(sleep_until(until)));
                timer.as_mut().reset(until);
                timer
            }
        };
        timer
            .as_mut()
            .poll(task)
            .map(|()| Err(io::Error::new(io::ErrorKind::TimedOut, Silence(limit))))
    }
}

impl<R: AsyncWrite + Unpin> AsyncWrite for IdleTimeout<R> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(task, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(task)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(task)
    }
}

impl<R: fmt::Debug> fmt::Debug for IdleTimeout<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdleTimeout")
            .field("inner", &self.inner)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

/// That nothing came for so long.
#[derive(Debug)]
pub(crate) struct Silence(pub(crate) Duration);

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nothing came for {:?}", self.0)
    }
}

impl Error for Silence {}
