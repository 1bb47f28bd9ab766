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
//! | [`tail()`], [`tail_all`], [`tail_glob`] | lines of files that grow, as they come |
//! | [`chunks`] | pieces of a file |
//! | [`walk`] | what is in a folder and the folders in it |
//! | [`from_mpsc`], [`from_broadcast`], [`from_watch`] | what comes through channels of tokio |
//! | [`tcp_connections`], `unix_connections` | connections to a listener |
//! | [`tcp_frames`], `unix_frames`, [`framing::frames`] | what sockets and readers give, cut by a [`framing`] |
//! | [`udp_datagrams`] | datagrams |
//! | [`stdin_lines`], [`command()`], `signals` | what this process and others say |
#![cfg_attr(
    feature = "cron",
    doc = "| [`cron()`], [`at()`] | times of the calendar |"
)]
#![cfg_attr(
    feature = "watch",
    doc = "| [`watch()`] | changes of files and folders |"
)]
#![cfg_attr(
    feature = "ws",
    doc = "| [`ws::messages`], [`ws::connect`], [`ws::listen`] | messages of a WebSocket, clients of a server |"
)]
#![cfg_attr(
    feature = "http",
    doc = "| [`http::poll`], [`http::sse::connect`] | documents that change, events of a server |"
)]

mod adapt;
mod create;
mod error;
pub mod framing;
mod fs;
#[cfg(feature = "http")]
pub mod http;
mod line_source;
mod net;
mod process;
mod reconnect;
mod time;
#[cfg(feature = "tls")]
pub use thalweg_tls as tls;
#[cfg(feature = "ws")]
pub mod ws;

pub use adapt::{
    Channel, FromBroadcast, FromMpsc, FromWatch, Lagged, MpscReceiver, ReadLines, Sender, channel,
    from_broadcast, from_broadcast_or_lag, from_iter, from_mpsc, from_stream, from_try_stream,
    from_watch, read_lines,
};
pub use create::{
    Create, Defer, Emitter, Fail, FromFuture, Never, States, Unfold, Using, create, defer, empty,
    fail, from_future, from_try_future, generate, never, once, range, repeat_with, try_create,
    unfold, using,
};
pub use error::ReadError;
#[cfg(feature = "watch")]
pub use fs::{Change, Watch, WatchError, watch};
pub use fs::{
    Chunks, Entry, EntryKind, FileError, FileId, Line, Lines, ParsePositionError, PatternError,
    Position, PositionStore, Tail, TailError, TrackedTail, Walk, WalkError, chunks, lines, tail,
    tail_all, tail_glob, walk,
};
pub use line_source::DEFAULT_MAX_LENGTH;
pub use net::{
    AcceptError, Connection, Datagram, DatagramError, IdleTimeout, TcpConnections, TcpFrames,
    TcpLines, UdpDatagrams, tcp_connections, tcp_frames, tcp_lines, udp_datagrams,
};
#[cfg(unix)]
pub use net::{UnixConnection, UnixConnections, UnixFrames, unix_connections, unix_frames};
pub use process::{CommandError, CommandOutput, Output, StdinLines, command, stdin_lines};
#[cfg(unix)]
pub use process::{SignalError, Signals, signals};
pub use reconnect::reconnecting;
#[cfg(feature = "cron")]
pub use time::{At, Cron, CronError, Occurrence, at, cron};
pub use time::{Interval, Tick, Timer, interval, interval_now, timer};
