//! `retrying`: tries again what a sink failed at.

use std::{error::Error, fmt};

use thalweg_core::{Sink, StageId};
use thalweg_operators::error::{Backoff, RetryAfter};
use tokio::time::sleep;

/// Tries again what `sink` failed at, a write, a flush or a close, after such waits and as often as `policy` says.
///
/// A write that failed has left in the batch what it did not take, and is tried again with that: sinks of connections
/// connect anew then. Whatever a write takes, the count of retries begins anew.
///
/// # Backpressure
///
/// While it waits nothing is pulled. Holds nothing beyond what `sink` does.
///
/// # Durability
///
/// As that of `sink`. It delivers at least once: what was sent and then not confirmed because the connection broke is sent
/// again.
///
/// # Errors
///
/// [`GaveUp`] with the last error, this stage and the number of retries, once the policy gives up. Sinks that fail with
/// the whole batch taken have nothing left to try again with: that is told at once.
///
/// # Cancel safety
///
/// As that of `sink`; the count of retries begins anew.
///
/// # Examples
///
/// A connection that is made again when it breaks:
///
/// ```
/// use std::time::Duration;
/// use thalweg::{operators::error::Backoff, prelude::*, sinks::{retrying, tcp_lines}};
/// use tokio::net::TcpListener;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let server = TcpListener::bind("127.0.0.1:0").await?;
/// # let address = server.local_addr()?;
/// let policy = Backoff::exponential(Duration::from_millis(100), Duration::from_secs(30)).max_retries(8);
/// let sink = retrying(tcp_lines(address).resend(64 * 1024), policy);
/// # let accept = async { drop(tokio::io::copy(&mut server.accept().await?.0, &mut tokio::io::sink()).await?); Ok(()) };
/// # let run = async { Ok::<_, Box<dyn std::error::Error>>(
/// ["to", "sea"].flow().run_into(sink).await?
/// # ) };
/// # tokio::try_join!(run, accept)?;
/// # Ok(()) }
/// ```
#[doc(alias = "reconnect")]
#[track_caller]
pub fn retrying<S, W>(sink: S, policy: Backoff<W>) -> Retrying<S, W> {
    Retrying::named(sink, policy, StageId::here("retrying"))
}

/// The sink of [`retrying`].
#[derive(Clone)]
#[must_use = "sinks do nothing unless a flow runs into them"]
pub struct Retrying<S, W> {
    sink: S,
    policy: Backoff<W>,
    stage: StageId,
}

impl<S, W> Retrying<S, W> {
    pub(crate) fn named(sink: S, policy: Backoff<W>, stage: StageId) -> Self {
        Self {
            sink,
            policy,
            stage,
        }
    }

    #[cfg(feature = "http")]
    pub(crate) fn into_parts(self) -> (S, Backoff<W>, StageId) {
        (self.sink, self.policy, self.stage)
    }

    /// Waits before the retry of that number, or gives up.
    async fn wait<E>(&mut self, retry: u32, error: E) -> Result<(), GaveUp<E>>
    where
        W: RetryAfter<E>,
    {
        match self.policy.wait(retry, &error) {
            Some(wait) => {
                drop(error);
                sleep(wait).await;
                Ok(())
            }
            None => Err(self.gave_up(retry - 1, error)),
        }
    }

    fn gave_up<E>(&self, retries: u32, error: E) -> GaveUp<E> {
        GaveUp {
            stage: self.stage,
            retries,
            error,
        }
    }
}

impl<T, S, W> Sink<T> for Retrying<S, W>
where
    T: Send,
    S: Sink<T> + Send,
    W: RetryAfter<S::Error> + Send,
{
    type Error = GaveUp<S::Error>;

    async fn write(&mut self, batch: &mut Vec<T>) -> Result<(), Self::Error> {
        let mut retry = 0;
        loop {
            let before = batch.len();
            let Err(error) = self.sink.write(batch).await else {
                return Ok(());
            };
            if batch.is_empty() {
                return Err(self.gave_up(retry, error));
            }
            if batch.len() < before {
                retry = 0;
            }
            retry += 1;
            self.wait(retry, error).await?;
        }
    }

    async fn flush(&mut self) -> Result<(), Self::Error> {
        let mut retry = 0;
        while let Err(error) = self.sink.flush().await {
            retry += 1;
            self.wait(retry, error).await?;
        }
        Ok(())
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        let mut retry = 0;
        while let Err(error) = self.sink.close().await {
            retry += 1;
            self.wait(retry, error).await?;
        }
        Ok(())
    }

    async fn abandon(&mut self) -> Result<(), Self::Error> {
        let mut retry = 0;
        while let Err(error) = self.sink.abandon().await {
            retry += 1;
            self.wait(retry, error).await?;
        }
        Ok(())
    }
}

impl<S: fmt::Debug, W> fmt::Debug for Retrying<S, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retrying")
            .field("sink", &self.sink)
            .field("policy", &self.policy)
            .field("stage", &self.stage)
            .finish()
    }
}

/// A sink failed after all retries; what is left in the batch was not written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GaveUp<E> {
    stage: StageId,
    retries: u32,
    error: E,
}

impl<E> GaveUp<E> {
    /// Gives the stage that gave up.
    pub fn stage(&self) -> StageId {
        self.stage
    }

    /// Gives how often it was tried again, in a row.
    pub fn retries(&self) -> u32 {
        self.retries
    }

    /// Gives the last error.
    pub fn error(&self) -> &E {
        &self.error
    }
}

impl<E: fmt::Display> fmt::Display for GaveUp<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            stage,
            retries,
            error,
        } = self;
        match retries {
            0 => write!(f, "{stage} failed: {error}"),
            1 => write!(f, "{stage} gave up after 1 retry: {error}"),
            _ => write!(f, "{stage} gave up after {retries} retries: {error}"),
        }
    }
}

impl<E: Error + 'static> Error for GaveUp<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.error)
    }
}
