//! Where items come from, one file each.
//!
//! Every function here gives a [`Flow`](thalweg_operators::Flow); nothing is opened or started before it is polled.
//! A clone of a flow that starts anew (a timer, a file, a client's connection) opens its own, which is how `retry` and
//! `repeat` subscribe again.
//!
//! | source | items |
//! |---|---|
//! | [`from_iter`], [`from_stream`] | those of an iterator, of a stream |
//! | [`once`], [`empty`], [`never()`], [`fail`] | one, none, none and no end, an error |
//! | [`range`], [`generate`], [`unfold`], [`repeat_with`] | numbers, what closures make |
//! | [`from_future`], [`from_try_future`] | the output of a future |
//! | [`create()`], [`try_create`] | what an async function sends |
//! | [`defer`], [`using`] | those of a flow that is made at the first poll, on a resource |
//! | [`channel`] | what is sent into it by hand |
//! | [`interval`], [`interval_now`], [`timer`] | ticks of the clock |
//! | [`lines`], [`read_lines`], [`tcp_lines`] | lines of a file, of a reader, of a TCP connection |
//! | [`tcp_connections`] | connections to a TCP listener |
#![cfg_attr(
    feature = "cron",
    doc = "| [`cron()`], [`at()`] | times of the calendar |"
)]
#![cfg_attr(
    feature = "ws",
    doc = "| [`ws::messages`], [`ws::connect`] | messages of a WebSocket |"
)]

mod adapt;
mod create;
mod error;
mod fs;
mod line_source;
mod net;
mod time;
#[cfg(feature = "ws")]
pub mod ws;

pub use adapt::{
    Channel, ReadLines, Sender, channel, from_iter, from_stream, from_try_stream, read_lines,
};
pub use create::{
    Create, Defer, Emitter, Fail, FromFuture, Never, States, Unfold, Using, create, defer, empty,
    fail, from_future, from_try_future, generate, never, once, range, repeat_with, try_create,
    unfold, using,
};
pub use error::ReadError;
pub use fs::{Lines, lines};
pub use line_source::DEFAULT_MAX_LENGTH;
pub use net::{AcceptError, Connection, TcpConnections, TcpLines, tcp_connections, tcp_lines};
#[cfg(feature = "cron")]
pub use time::{At, Cron, CronError, Occurrence, at, cron};
pub use time::{Interval, Tick, Timer, interval, interval_now, timer};
