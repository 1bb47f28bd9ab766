//! Why frames could not be read, with the origin and the frame.

use std::{error::Error, fmt, io, time::Duration};

/// The failure of a source of frames: what was read, how far it came, and why not further.
#[derive(Debug)]
pub struct FrameError {
    from: String,
    frame: u64,
    cause: FrameCause,
}

/// Why a frame could not be read.
#[derive(Debug)]
#[non_exhaustive]
pub enum FrameCause {
    /// There was no connection to read from.
    Open(io::Error),
    /// The system could not read on: the connection was reset, for example.
    Read(io::Error),
    /// Nothing came for so long; the other side may be gone without a word.
    Idle(Duration),
    /// The end came in the middle of a frame, after so many of its bytes.
    CutShort(usize),
    /// The frame is longer than so many bytes.
    TooLong(usize),
    /// A line is not text in UTF-8.
    NotText,
    /// A line is not the JSON that it should be.
    NotJson(serde_json::Error),
    /// What a framing that is not of this crate says.
    Framing(Box<dyn Error + Send + Sync>),
}

impl FrameError {
    pub(crate) fn new(from: &str, frame: u64, cause: FrameCause) -> Self {
        Self {
            from: from.to_owned(),
            frame,
            cause,
        }
    }

    /// Gives what was read from, as the middle of a sentence: "the connection to ...".
    pub fn from(&self) -> &str {
        &self.from
    }

    /// Gives the frame that could not be read, counted from 1 within its connection.
    pub fn frame(&self) -> u64 {
        self.frame
    }

    /// Gives the cause.
    pub fn cause(&self) -> &FrameCause {
        &self.cause
    }

    /// Tells whether the connection is to blame, and not what came over it: another one may do better.
    pub fn is_of_the_connection(&self) -> bool {
        use FrameCause::{CutShort, Idle, Open, Read};
        matches!(self.cause, Open(_) | Read(_) | Idle(_) | CutShort(_))
    }
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, frame, cause } = self;
        match cause {
            FrameCause::Open(cause) => write!(f, "cannot open {from}: {cause}"),
            FrameCause::Read(cause) => write!(f, "cannot read frame {frame} of {from}: {cause}"),
            FrameCause::Idle(time) => write!(f, "nothing came for {time:?} over {from}"),
            FrameCause::CutShort(bytes) => {
                write!(
                    f,
                    "{from} ended within frame {frame}, after {bytes} bytes of it"
                )
            }
            FrameCause::TooLong(limit) => write!(
                f,
                "frame {frame} of {from} is longer than {limit} bytes; allow more with `max_length`"
            ),
            FrameCause::NotText => write!(f, "frame {frame} of {from} is not UTF-8"),
            FrameCause::NotJson(cause) => {
                write!(
                    f,
                    "frame {frame} of {from} is not the JSON that it should be: {cause}"
                )
            }
            FrameCause::Framing(cause) => {
                write!(f, "cannot decode frame {frame} of {from}: {cause}")
            }
        }
    }
}

impl Error for FrameError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.cause {
            FrameCause::Open(cause) | FrameCause::Read(cause) => Some(cause),
            FrameCause::NotJson(cause) => Some(cause),
            FrameCause::Framing(cause) => Some(&**cause),
            FrameCause::Idle(_)
            | FrameCause::CutShort(_)
            | FrameCause::TooLong(_)
            | FrameCause::NotText => None,
        }
    }
}

impl From<io::Error> for FrameCause {
    fn from(cause: io::Error) -> Self {
        Self::Read(cause)
    }
}
