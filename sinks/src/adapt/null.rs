//! `null`: nowhere, but counted.

use std::convert::Infallible;

use thalweg_core::{Meter, Sink};

/// Drops every item and counts it: for a flow that is run for its effects, and for measuring.
///
/// # Backpressure
///
/// Never waits. Holds nothing.
///
/// # Durability
///
/// Nothing is kept but the count, which is in memory.
///
/// # Errors
///
/// None: it cannot fail.
///
/// # Cancel safety
///
/// A write is done at once, and cannot be cancelled.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sinks::null};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let sink = null();
/// let meter = sink.meter().clone();
/// (1..=3).flow().run_into(sink).await.unwrap();
/// assert_eq!(meter.counts().emitted, 3);
/// # }
/// ```
#[doc(alias = "ignore")]
#[doc(alias = "black_hole")]
pub fn null() -> Null {
    Null {
        meter: Meter::new(),
    }
}

/// The sink of [`null`]. A clone counts into the same numbers.
#[derive(Clone, Debug)]
#[must_use = "sinks do nothing unless a flow runs into them"]
pub struct Null {
    meter: Meter,
}

impl Null {
    /// Gives the live count of items, which came in and are gone at once.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }
}

impl<T: Send> Sink<T> for Null {
    type Error = Infallible;

    async fn write(&mut self, batch: &mut Vec<T>) -> Result<(), Infallible> {
        let items = batch.drain(..).len() as u64;
        self.meter.receive(items);
        self.meter.emit(items);
        Ok(())
    }
}
