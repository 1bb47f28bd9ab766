//! `lines`: the lines of a file.

use std::{ops::ControlFlow, path::Path, pin::Pin, task::Poll};

use thalweg_core::{Cx, Drained, Observable, Plan};
use thalweg_operators::{Flow, IntoFlow};

use super::input::Input;
use crate::{ReadError, line_source::LineSource};

/// Emits the lines of a file, without their ends.
///
/// Both `\n` and `\r\n` end a line; the last one needs no end. A line may have 1 MiB; for another limit see
/// [`Lines::max_length`]. Completes at the end of the file, or when it is asked to stop.
///
/// # Backpressure
///
/// What comes next is read while the consumer is at work, except from a pipe. Holds no line, 512 KiB of bytes, and at
/// most one line that is not complete.
///
/// # Cancel safety
///
/// Nothing is lost that could not be read again.
///
/// # Errors
///
/// [`ReadError`] if the file cannot be opened or read, or if a line is too long or no UTF-8. It names the file and the line.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sources::lines};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let descriptions = lines("Cargo.toml").filter(|line| line.starts_with("description"));
/// assert_eq!(descriptions.count().await.unwrap(), 1);
/// # }
/// ```
#[track_caller]
pub fn lines(path: impl AsRef<Path>) -> Flow<Lines> {
    Lines::new(path).flow()
}

/// The observable of [`lines`]. A clone reads the file from its start.
#[derive(Clone, Debug)]
#[must_use = "observables do nothing unless they are polled"]
pub struct Lines {
    source: LineSource<Input>,
}

impl Lines {
    /// Names the file; [`flow`](IntoFlow::flow) puts the operators on it.
    #[track_caller]
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self {
            source: LineSource::new("lines", Input::new(path.as_ref())),
        }
    }

    /// Lets a line have at most so many bytes, in place of 1 MiB.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::{prelude::*, sources::Lines};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let mut lines = Lines::new("Cargo.toml").max_length(2).flow();
    /// let error = lines.next().await.unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "line 1 of Cargo.toml is longer than 2 bytes; allow more with `max_length`"
    /// );
    /// # }
    /// ```
    pub fn max_length(mut self, bytes: usize) -> Self {
        self.source.max_length = bytes;
        self
    }

    /// Decompresses what is in gzip or zstd, told by its first bytes; anything else is read as it is.
    ///
    /// Members or frames that follow each other are one text, as the tools of these formats have it. Decompression runs
    /// on another thread and holds at most what its format asks for, 128 MiB for the largest window of zstd.
    #[cfg(feature = "compression")]
    pub fn decompress(mut self) -> Self {
        self.source.origin.decompress();
        self
    }
}

impl Observable for Lines {
    type Item = String;
    type Error = ReadError;

    fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        emit: F,
    ) -> Poll<Result<Drained, ReadError>>
    where
        F: FnMut(String) -> ControlFlow<()>,
    {
        self.source.poll_drain(cx, emit)
    }

    fn describe(&self, plan: &mut Plan) {
        self.source.describe(plan);
    }
}
