//! A sink for tracked items: what it has flushed is acknowledged.

use crate::{Receipt, Sink, Tracked};

/// Writes what is in [`Tracked`] items into a sink, and acknowledges them when the sink is flushed.
///
/// What a flush means is the sink's to say: after it the items must outlive a crash of the program. An item that the sink
/// failed at, or that it holds when the run is cancelled, counts as failed.
///
/// Holds the items that the sink has not taken, and a receipt for each that is not flushed.
///
/// # Cancel safety
///
/// A write that is dropped loses nothing: what the sink did not take is kept for the next one.
///
/// # Examples
///
/// ```no_run
/// use thalweg::{Acknowledge, prelude::*, sinks, sources::{PositionStore, Tail}};
///
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = PositionStore::new("app.positions");
/// let lines = Tail::new("app.log").tracked(&store).flow().raise();
/// let texts = lines.map(|line| line.map(|line| line.to_text_lossy().into_owned()));
/// texts.run_into(Acknowledge::new(sinks::lines("copy.log").append())).await?;
/// store.save().await?;
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[must_use = "sinks do nothing unless a flow runs into them"]
pub struct Acknowledge<S, T> {
    sink: S,
    /// What the sink has not taken.
    items: Vec<T>,
    /// Of everything that is not flushed, in order.
    receipts: Vec<Receipt>,
}

impl<S: Sink<T>, T> Acknowledge<S, T> {
    /// Puts a sink of plain items behind.
    pub fn new(sink: S) -> Self {
        Self {
            sink,
            items: Vec::new(),
            receipts: Vec::new(),
        }
    }

    async fn write_all(&mut self) -> Result<(), S::Error> {
        while !self.items.is_empty() {
            self.sink.write(&mut self.items).await?;
        }
        Ok(())
    }
}

impl<S: Sink<T> + Send, T: Send> Sink<Tracked<T>> for Acknowledge<S, T> {
    type Error = S::Error;

    async fn write(&mut self, batch: &mut Vec<Tracked<T>>) -> Result<(), S::Error> {
        // What an earlier write left comes first, so that no more than a batch is ever kept.
        self.write_all().await?;
        for tracked in batch.drain(..) {
            let (item, receipt) = tracked.split();
            self.items.push(item);
            self.receipts.push(receipt);
        }
        self.write_all().await
    }

    async fn flush(&mut self) -> Result<(), S::Error> {
        self.write_all().await?;
        self.sink.flush().await?;
        self.receipts.drain(..).for_each(Receipt::ack);
        Ok(())
    }

    async fn close(&mut self) -> Result<(), S::Error> {
        self.write_all().await?;
        self.sink.close().await?;
        self.receipts.drain(..).for_each(Receipt::ack);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{
        convert::Infallible,
        future::Future,
        pin::pin,
        sync::{Arc, Mutex},
        task::{Context, Poll, Waker},
    };

    use super::Acknowledge;
    use crate::{Settle, Sink, Tracked};

    #[derive(Default)]
    struct Log(Mutex<Vec<(u64, bool)>>);

    impl Settle for Log {
        fn settle(&self, number: u64, done: bool) {
            self.0.lock().unwrap().push((number, done));
        }
    }

    /// Takes two items at a time.
    #[derive(Default)]
    struct Pairs(Vec<u64>);

    impl Sink<u64> for Pairs {
        type Error = Infallible;

        async fn write(&mut self, batch: &mut Vec<u64>) -> Result<(), Infallible> {
            self.0.extend(batch.drain(..batch.len().min(2)));
            Ok(())
        }
    }

    fn now<F: Future>(future: F) -> F::Output {
        let polled = pin!(future).poll(&mut Context::from_waker(Waker::noop()));
        let Poll::Ready(output) = polled else {
            panic!("it waits");
        };
        output
    }

    #[test]
    fn what_is_flushed_is_acknowledged_in_order_and_what_is_not_has_failed() {
        let log = Arc::new(Log::default());
        let tracked = |number| Tracked::new(number, number, log.clone());
        let mut pairs = Pairs::default();
        let mut sink = Acknowledge::new(&mut pairs);
        now(sink.write(&mut (0..5).map(tracked).collect())).unwrap();
        assert!(log.0.lock().unwrap().is_empty(), "not before the flush");
        now(Sink::<Tracked<u64>>::flush(&mut sink)).unwrap();
        now(sink.write(&mut vec![tracked(5)])).unwrap();
        drop(sink);
        assert_eq!(pairs.0, [0, 1, 2, 3, 4, 5]);
        let expected: Vec<_> = (0..6).map(|number| (number, number < 5)).collect();
        assert_eq!(*log.0.lock().unwrap(), expected);
    }
}
