//! Where items go to, one file each.
//!
//! Every sink is a [`Sink`](thalweg_core::Sink): `flow.run_into(sink)` hands it batches of what is ready, flushes it when
//! nothing is, and closes it at the end. Nothing is opened or connected before the first write.
//!
//! | sink | takes | goes to |
//! |---|---|---|
//! | [`stdout`], [`stderr`] | what has a text | the terminal, by the line |
//! | [`lines`], [`json_lines`] | what has a text, what can be serialized | a file, by the line |
//! | [`file()`] | anything, by an [encoding] | a file, with rotation, all or nothing, and a choice of when to wait for the disk |
//! | [`tcp_lines`], [`tcp_bytes`], [`tcp`] | what has a text, bytes, anything by an [encoding] | a TCP connection |
//! | [`udp`] | anything, by an [encoding] | a datagram each |
//! | [`write_lines`], [`async_write`] | what has a text, bytes | any writer |
//! | [`channel`] | anything | a tokio channel |
//! | [`futures_sink()`] | anything | a sink of the `futures` crates |
//! | [`callback`] | anything | an async closure, by the batch |
//! | [`null`] | anything | nowhere, counted |
//! | [`tee`] | anything | two sinks |
//! | [`retrying`] | anything | a sink, again after it failed |
//! | [`or_dead_letter`] | anything | a sink, or another if it fails |
#![cfg_attr(
    unix,
    doc = "| [`unix`], [`unix_datagrams`] | anything, by an [encoding] | a Unix socket |"
)]
#![cfg_attr(
    feature = "csv",
    doc = "| [`csv()`] | what can be serialized | a file |"
)]
#![cfg_attr(
    feature = "http",
    doc = "| [`http::post`] | anything, by an [encoding] | an HTTP server |"
)]
#![cfg_attr(
    feature = "ws",
    doc = "| [`ws::Hub`] | events | every client of a WebSocket server that subscribed |"
)]
#![cfg_attr(
    feature = "ws",
    doc = "| [`ws::send`] | messages | a WebSocket server |"
)]

mod adapt;
mod blocking;
mod combine;
mod connection;
pub mod encoding;
mod error;
mod fs;
#[cfg(feature = "http")]
pub mod http;
mod net;
mod output;
mod rest;
#[cfg(any(feature = "https", feature = "wss"))]
pub use thalweg_tls as tls;
#[cfg(feature = "ws")]
pub mod ws;

pub use adapt::{
    Callback, Channel, FuturesSink, Null, ReceiverGone, Stderr, Stdout, WriteLines, Writer,
    async_write, callback, channel, futures_sink, null, stderr, stdout, write_lines,
};
pub use combine::{
    DeadLetterError, GaveUp, OrDeadLetter, Retrying, Tee, TeeCause, TeeError, or_dead_letter,
    retrying, tee,
};
pub use error::WriteError;
#[cfg(feature = "csv")]
pub use fs::csv;
pub use fs::{FileSink, Fsync, JsonLines, Lines, Rotation, file, json_lines, lines};
pub use net::{Tcp, TcpBytes, TcpLines, Udp, tcp, tcp_bytes, tcp_lines, udp};
#[cfg(unix)]
pub use net::{Unix, UnixDatagrams, unix, unix_datagrams};
