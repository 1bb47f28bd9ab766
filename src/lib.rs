//! Reactive event streams with backpressure from end to end.
//!
//! Observables built from [`sources`] flow through composable [`operators`] into [`sinks`]. Nothing moves unless it is
//! pulled, so a slow sink holds back its source; one pull moves many items, so it is fast; every queue is named, bounded
//! and counted, so nothing is lost in silence.
//!
//! ```
//! use std::time::Duration;
//! use thalweg::{prelude::*, sources::interval};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
//! let beats = interval(Duration::from_millis(100))
//!     .scan(0, |beats, _| {
//!         *beats += 1;
//!         *beats
//!     })
//!     .filter(|beat| beat % 2 == 0)
//!     .chunks()
//!     .max(3)
//!     .take(2);
//! assert_eq!(beats.collect::<Vec<_>>().await, Ok(vec![vec![2, 4, 6], vec![8, 10, 12]]));
//! # }
//! ```
//!
//! # Where to go
//!
//! * [`Flow`] has all operators as methods; [`operators`] has them by group.
//! * [`IntoFlow::flow`] makes a flow of any iterator, stream or observable; [`sources`] has the rest.
//! * The [`guide`] tells how to think of flows, of backpressure, and how to write an operator.
//! * `testing` has marble diagrams for your own pipelines (feature `testing`).
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | `compression` | files in gzip and zstd as sources |
//! | `cron` | schedules by cron expressions and instants of the wall clock |
//! | `csv` | files of comma-separated values, as sinks |
//! | `gzip` | compression of files that are rotated |
//! | `http`, `https` | HTTP: documents that change and server-sent events as sources, posts in batches as sinks; without and with TLS |
//! | `tls` | TLS for the sources of sockets |
//! | `watch` | changes of files and folders as a source, and followed files read when they change |
//! | `ws`, `wss` | WebSocket sources and sinks, without and with TLS |
//! | `signal` | runs that stop on Ctrl-C and when the process is asked to terminate |
//! | `testing` | marble diagrams on a paused clock, and the rules of the contract as a check |

pub use thalweg_core::{
    Acknowledge, BehaviorSubject, BoxObservable, ChildWaker, Counts, Cx, Drained, DropReason, Each,
    Fault, Found, Holds, Meter, Observable, Overflow, Overflowed, Panicked, Plan, ReadySet,
    Receipt, ReplaySubject, Settle, Sink, StageId, StageMut, StagePlan, Subject, Subscription,
    TimedOut, Tracked, WrongCount, hub, queue,
};
#[cfg(feature = "signal")]
pub use thalweg_operators::Interrupts;
#[cfg(feature = "testing")]
pub use thalweg_operators::testing;
pub use thalweg_operators::{self as operators, BoxFlow, Flow, IntoFlow, TryIntoFlow};
pub use thalweg_sinks as sinks;
pub use thalweg_sources as sources;

/// What most programs need: `use thalweg::prelude::*;`.
pub mod prelude {
    pub use std::convert::Infallible;

    pub use thalweg_core::{Fault, Observable, Overflow, Sink, Subject};
    pub use thalweg_operators::{
        BoxFlow, Flow, IntoFlow, TryIntoFlow,
        terminal::{FlowEvery, FlowMax},
    };
}

/// How to think of flows. Every block of code on these pages is compiled and run.
pub mod guide {
    #[doc = include_str!("../docs/guide/first-flow.md")]
    pub mod first_flow {}

    #[doc = include_str!("../docs/guide/backpressure.md")]
    pub mod backpressure {}

    #[doc = include_str!("../docs/guide/sources-and-sinks.md")]
    pub mod sources_and_sinks {}

    #[doc = include_str!("../docs/guide/delivery.md")]
    pub mod delivery {}

    #[expect(clippy::doc_markdown, reason = "WebSockets are a name, not code")]
    #[doc = include_str!("../docs/guide/embedding.md")]
    pub mod embedding {}

    #[cfg_attr(
        feature = "ws",
        doc = include_str!("../docs/guide/live-events.md")
    )]
    #[cfg_attr(
        not(feature = "ws"),
        doc = "Live events to many browsers: with the feature `ws`."
    )]
    #[allow(
        clippy::doc_markdown,
        reason = "WebSocket is a name, not code; without the feature there is none"
    )]
    pub mod live_events {}

    #[doc = include_str!("../docs/guide/write-an-operator.md")]
    pub mod write_an_operator {}

    #[expect(clippy::doc_markdown, reason = "RxJS is a name, not code")]
    #[doc = include_str!("../docs/from-rx.md")]
    pub mod from_rx {}
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
