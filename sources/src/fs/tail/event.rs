//! What a file that is followed has to tell.

use std::sync::Arc;

use super::{error::TailError, line::Line, position::Stamp};

pub(super) enum Event {
    Line(Line),
    Trouble(TailError),
    /// A file, and how far it was dealt with: for those who keep positions.
    Mark(Arc<Stamp>, Mark),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// Up to so many bytes.
    At(u64),
    /// Up to its end, and nothing more is expected.
    Finished(u64),
}
