//! [`Flow`] and every operator, one file each.
//!
//! | group | what it does |
//! |---|---|
//! | [`transform`] | makes other items out of items |
//! | [`filter`] | lets some items pass |
//! | [`combine`] | makes one flow of several |
//! | [`time`] | looks at the clock |
//! | [`window`] | gathers items |
//! | [`multicast`] | serves several consumers |
//! | [`pressure`] | decides what happens when the consumer is slow |
//! | [`error`] | handles failures |
//! | [`concurrency`] | does several things at once |
//! | [`terminal`] | runs a flow |

mod alarm;
mod boundary;
pub mod combine;
mod common_source;
pub mod concurrency;
mod cue;
mod delegate;
mod drive;
pub mod error;
mod fan_out;
pub mod filter;
mod flow;
mod gate;
mod gather;
mod inputs;
#[cfg(feature = "signal")]
mod interrupts;
mod into_flow;
mod jobs;
mod ledger;
pub mod multicast;
mod newest;
mod own_items;
pub mod pressure;
mod pulls;
mod rounds;
mod stage;
mod stop;
mod stream;
pub mod terminal;
#[cfg(feature = "testing")]
pub mod testing;
pub mod time;
mod timer;
pub mod transform;
mod watched;
pub mod window;

pub use flow::{BoxFlow, Flow};
#[cfg(feature = "signal")]
pub use interrupts::Interrupts;
pub use into_flow::{
    FromIter, FromStream, FromTryStream, IntoFlow, IterKind, ObservableKind, StreamKind,
    TryIntoFlow,
};
pub use stage::Stage;
pub use stream::PlainStream;
pub use timer::Timer;
