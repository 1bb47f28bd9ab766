//! Where the items of a flow go: in batches.

use std::future::Future;

/// A destination of items that takes them in batches.
///
/// `flow.run_into(sink)` collects what is ready, up to a bound, and hands it over; while a write is under way nothing
/// is pulled, so a slow sink holds back its source.
///
/// # Examples
///
/// A sink that keeps everything:
///
/// ```
/// use std::convert::Infallible;
/// use thalweg::{Sink, prelude::*};
///
/// #[derive(Default)]
/// struct Keep(Vec<u32>);
///
/// impl Sink<u32> for Keep {
///     type Error = Infallible;
///
///     async fn write(&mut self, batch: &mut Vec<u32>) -> Result<(), Infallible> {
///         self.0.append(batch);
///         Ok(())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let mut keep = Keep::default();
/// (1..=3).flow().run_into(&mut keep).await.unwrap();
/// assert_eq!(keep.0, [1, 2, 3]);
/// # }
/// ```
pub trait Sink<T> {
    /// Why a write, flush or close failed.
    type Error: Send;

    /// Takes items off the front of `batch`; what is left in it is offered again.
    ///
    /// It takes at least one item of a batch that is not empty, or fails, or waits.
    fn write(&mut self, batch: &mut Vec<T>)
    -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Brings everything that was taken to where it goes. Called when the flow has nothing ready, and before `close`.
    fn flush(&mut self) -> impl Future<Output = Result<(), Self::Error>> + Send {
        std::future::ready(Ok(()))
    }

    /// Ends the sink. Called once, after the last item and a flush; nothing is written after it.
    fn close(&mut self) -> impl Future<Output = Result<(), Self::Error>> + Send {
        std::future::ready(Ok(()))
    }

    /// Ends the sink in place of [`close`](Self::close) after the stream has failed: what was taken may not be all.
    ///
    /// By default a close; a sink that shows all or nothing shows nothing.
    fn abandon(&mut self) -> impl Future<Output = Result<(), Self::Error>> + Send {
        self.close()
    }
}

impl<T, S: Sink<T> + ?Sized> Sink<T> for &mut S {
    type Error = S::Error;

    fn write(&mut self, batch: &mut Vec<T>) -> impl Future<Output = Result<(), S::Error>> + Send {
        (**self).write(batch)
    }

    fn flush(&mut self) -> impl Future<Output = Result<(), S::Error>> + Send {
        (**self).flush()
    }

    fn close(&mut self) -> impl Future<Output = Result<(), S::Error>> + Send {
        (**self).close()
    }

    fn abandon(&mut self) -> impl Future<Output = Result<(), S::Error>> + Send {
        (**self).abandon()
    }
}
