//! The frontier: what is known, what waits for its turn, and the log on disk from which both can be made again.

mod bytes;
mod fingerprint;
mod line;
mod log;
#[cfg(test)]
mod measure;
mod queue;
mod seen;
mod texts;
mod trail;

pub(super) use self::fingerprint::{Fingerprint, Key};
pub use self::log::LogError;
pub(super) use self::log::{Found, Log, Numbers, State, Waiting};
pub(super) use self::queue::Queue;
pub(super) use self::seen::Seen;
pub(super) use self::trail::Trail;
