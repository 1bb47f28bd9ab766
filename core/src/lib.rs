//! The contract of thalweg: what an observable is, and the few parts that everything else is built from.
//!
//! No timers, no I/O and no runtime live here, so this crate compiles in a moment and seldom changes:
//!
//! * [`Observable`] with its one required method, the context [`Cx`] of a poll, and the outcome [`Drained`];
//! * [`BoxObservable`], an observable of a type that is not spelled out;
//! * [`Plan`], how a pipeline describes itself, and [`Meter`], the live numbers in it;
//! * [`queue`], the bounded batch queue between two tasks, with [`Overflow`] told;
//! * [`hub`], [`Subject`], [`BehaviorSubject`] and [`ReplaySubject`], one producer side and many subscribers;
//! * [`Sink`], where batches go;
//! * [`Tracked`], an item that tells its source whether it was dealt with, and [`Acknowledge`], a sink for such;
//! * [`Fault`], why a stage failed, with the stage's name, file and line.

mod acknowledge;
mod boxed;
mod cx;
mod error;
pub mod hub;
mod meter;
mod observable;
mod plan;
pub mod queue;
mod ready;
mod sink;
mod subject;
mod sync;
mod tracked;

pub use acknowledge::Acknowledge;
pub use boxed::BoxObservable;
pub use cx::Cx;
pub use error::{Fault, Found, Overflowed, Panicked, StageId, TimedOut, WrongCount};
pub use meter::{Counts, DropReason, Meter};
pub use observable::{Drained, Observable};
pub use plan::{Holds, Plan, StageMut, StagePlan};
pub use queue::Overflow;
pub use ready::{ChildWaker, ReadySet};
pub use sink::Sink;
pub use subject::{BehaviorSubject, ReplaySubject, Subject, Subscription};
pub use tracked::{Each, Receipt, Settle, Tracked};
