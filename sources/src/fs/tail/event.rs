//! What a file that is followed has to tell.

use std::sync::Arc;

use super::{block::Block, error::TailError, line::Line, position::Stamp};

/// What a look has found, in order.
pub(super) enum News {
    Lines(Block),
    Event(Event),
}

pub(super) enum Event {
    Line(Line),
    Trouble(TailError),
    /// A file, and how far it was dealt with: for those who keep positions.
    Mark(Arc<Stamp>, Mark),
}

impl From<TailError> for News {
    fn from(error: TailError) -> Self {
        Self::Event(Event::Trouble(error))
    }
}

impl From<Line> for News {
    fn from(line: Line) -> Self {
        Self::Event(Event::Line(line))
    }
}

impl News {
    pub(super) fn mark(stamp: &Arc<Stamp>, mark: Mark) -> Self {
        Self::Event(Event::Mark(Arc::clone(stamp), mark))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// Up to so many bytes.
    At(u64),
    /// Up to its end, and nothing more is expected.
    Finished(u64),
    /// It is gone, and so is the path.
    Forgotten,
}
