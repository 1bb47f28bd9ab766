//! How bytes become items: lines, frames with their length before them, JSON, or the bytes as they come.
//!
//! A framing is a [`Decoder`] of tokio-util, so that one of yours, or of another crate, does as well. It cuts what any
//! reader gives, with [`frames`]; what a socket receives, with [`tcp_frames`](crate::tcp_frames) and `unix_frames`; and
//! what a program prints, with `command`.
//!
//! | framing | items |
//! |---|---|
//! | [`lines`] | texts between line ends |
//! | [`length_prefixed`] | bytes whose length stands before them |
//! | [`json_lines`] | values, one a line |
//! | [`chunks`] | bytes as they come |

mod chunks;
mod error;
mod frames;
mod json_lines;
mod length_prefixed;
mod lines;

pub use chunks::{Chunks, chunks};
pub use error::{FrameCause, FrameError};
pub(crate) use frames::FrameReader;
pub use frames::{Frames, frames};
pub use json_lines::{JsonLines, JsonLinesOrErrors, NotJson, json_lines};
pub use length_prefixed::{LengthPrefixed, Prefix, length_prefixed};
pub use lines::{Lines, lines};
pub use tokio_util::codec::Decoder;

/// Bytes that a line or frame may have unless it is told otherwise: 1 MiB.
pub use crate::line_source::DEFAULT_MAX_LENGTH;
