//! Reactive event streams with backpressure from end to end.

pub use thalweg_core::{
    BoxObservable, Counts, Cx, Drained, DropReason, Fault, Holds, Meter, Observable, Overflow,
    Overflowed, Panicked, Plan, Sink, StageId, Subject, Subscription, TimedOut, hub, queue,
};
pub use thalweg_operators::{self as operators, BoxFlow, Flow, IntoFlow, TryIntoFlow};
pub use thalweg_sinks as sinks;
pub use thalweg_sources as sources;

/// What most programs need: `use thalweg::prelude::*;`.
pub mod prelude {
    pub use std::convert::Infallible;

    pub use thalweg_core::{Fault, Observable, Overflow, Sink, Subject};
    pub use thalweg_operators::{BoxFlow, Flow, IntoFlow, TryIntoFlow};
}
