//! `to_async_read`: reads a flow of bytes as tokio reads a file or a socket.

use std::{
    error::Error,
    fmt, io,
    ops::ControlFlow,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;
use thalweg_core::Observable;
use tokio::io::{AsyncBufRead, AsyncRead, ReadBuf};

use crate::{Flow, Stage, drive::drive_stage, pulls::Pulls};

impl<O: Observable> Flow<O> {
    /// Turns a flow of bytes into a reader: the items are its bytes, the completion is the end of the file.
    ///
    /// ```text
    /// in   --"he"--"llo"--|
    ///        to_async_read, read_to_string
    ///                     "hello"
    /// ```
    ///
    /// The reader is an [`AsyncRead`] and an [`AsyncBufRead`], so that lines can be read from it without another buffer. It
    /// is [`Unpin`] if the flow is; else it is pinned first, with [`std::pin::pin`] or [`boxed`](Flow::boxed).
    ///
    /// # Backpressure
    ///
    /// Pulls an item when the one before has been read. Holds one item.
    ///
    /// # Cancel safety
    ///
    /// A read that is dropped before it is ready has read nothing. Dropping the reader loses what is left of one item.
    ///
    /// # Errors
    ///
    /// The error of the stream, once, after the bytes before it; then the end of the file. An [`io::Error`] stays as it
    /// is, any other becomes one of the kind [`Other`](io::ErrorKind::Other) with the error as its source.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    /// use tokio::io::AsyncBufReadExt;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// let chunks = ["first line\nsec", "ond line\n"].flow();
    /// let mut lines = chunks.to_async_read().lines();
    /// assert_eq!(lines.next_line().await?.as_deref(), Some("first line"));
    /// assert_eq!(lines.next_line().await?.as_deref(), Some("second line"));
    /// assert_eq!(lines.next_line().await?, None);
    /// # Ok(()) }
    /// ```
    #[doc(alias = "into_async_read")]
    #[doc(alias = "stream_reader")]
    #[track_caller]
    pub fn to_async_read(self) -> ToAsyncRead<O>
    where
        O: Observable<Item: AsRef<[u8]>, Error: Into<Box<dyn Error + Send + Sync>>>,
    {
        ToAsyncRead {
            stage: Stage::new("to_async_read", self.into_inner(), ()),
            item: None,
            read: 0,
            pulls: Pulls::default(),
        }
    }
}

pin_project! {
    /// The reader of [`Flow::to_async_read`].
    #[must_use = "readers do nothing unless they are read"]
    pub struct ToAsyncRead<O>
    where
        O: Observable,
    {
        #[pin]
        stage: Stage<O>,
        // Not read to its end, if there is one.
        item: Option<O::Item>,
        // Bytes of the item that have been read.
        read: usize,
        pulls: Pulls,
    }
}

impl<O> AsyncBufRead for ToAsyncRead<O>
where
    O: Observable<Item: AsRef<[u8]>, Error: Into<Box<dyn Error + Send + Sync>>>,
{
    fn poll_fill_buf(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.project();
        let item = this.item;
        if item.is_none() {
            // A loop over a flow that always has more yields now and then.
            ready!(this.pulls.poll_proceed(task));
            let rest = drive_stage(this.stage, task, |(), next| {
                if next.as_ref().is_empty() {
                    return ControlFlow::Continue(());
                }
                *item = Some(next);
                ControlFlow::Break(())
            });
            let rest = ready!(rest);
            if let Err(error) = rest {
                return Poll::Ready(Err(into_io_error(error)));
            }
            *this.read = 0;
        }
        let bytes = item.as_ref().map_or(&[][..], AsRef::as_ref);
        Poll::Ready(Ok(bytes.get(*this.read..).unwrap_or_default()))
    }

    fn consume(self: Pin<&mut Self>, amount: usize) {
        let this = self.project();
        let Some(item) = this.item else { return };
        *this.read = this.read.saturating_add(amount);
        if *this.read >= item.as_ref().len() {
            *this.item = None;
        }
    }
}

impl<O> AsyncRead for ToAsyncRead<O>
where
    O: Observable<Item: AsRef<[u8]>, Error: Into<Box<dyn Error + Send + Sync>>>,
{
    fn poll_read(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buffer.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let bytes = ready!(self.as_mut().poll_fill_buf(task))?;
        let amount = bytes.len().min(buffer.remaining());
        buffer.put_slice(&bytes[..amount]);
        self.consume(amount);
        Poll::Ready(Ok(()))
    }
}

/// Keeps an I/O error, with its kind, and wraps any other.
fn into_io_error(error: impl Into<Box<dyn Error + Send + Sync>>) -> io::Error {
    match error.into().downcast::<io::Error>() {
        Ok(error) => *error,
        Err(error) => io::Error::other(error),
    }
}

impl<O: Observable + fmt::Debug> fmt::Debug for ToAsyncRead<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToAsyncRead")
            .field("stage", &self.stage)
            .field("read", &self.read)
            .finish_non_exhaustive()
    }
}
