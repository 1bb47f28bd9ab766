//! Where items go to, one file each.
//!
//! Every sink is a [`Sink`](thalweg_core::Sink): `flow.run_into(sink)` hands it batches of what is ready, flushes it when
//! nothing is, and closes it at the end. Nothing is opened or connected before the first write.
//!
//! | sink | takes | goes to |
//! |---|---|---|
//! | [`stdout`] | what has a text | standard output, by the line |
//! | [`lines`], [`json_lines`] | what has a text, what can be serialized | a file, by the line |
//! | [`tcp_lines`], [`tcp_bytes`] | what has a text, bytes | a TCP connection |
//! | [`write_lines`] | what has a text | any writer |
//! | [`channel`] | anything | a tokio channel |
#![cfg_attr(
    feature = "ws",
    doc = "| [`ws::broadcast`] | messages | every client of a WebSocket server |"
)]

mod adapt;
mod error;
mod fs;
mod net;
mod output;
#[cfg(feature = "ws")]
pub mod ws;

pub use adapt::{Channel, ReceiverGone, Stdout, WriteLines, channel, stdout, write_lines};
pub use error::WriteError;
pub use fs::{JsonLines, Lines, json_lines, lines};
pub use net::{TcpBytes, TcpLines, tcp_bytes, tcp_lines};
