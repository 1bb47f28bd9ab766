//! Files.

mod aside;
#[cfg(feature = "csv")]
mod csv;
mod disk;
mod file;
mod json_lines;
mod lines;
mod rotation;
mod target;

#[cfg(feature = "csv")]
pub use csv::csv;
pub use file::{FileSink, Fsync, file};
pub use json_lines::{JsonLines, json_lines};
pub use lines::{Lines, lines};
pub use rotation::Rotation;
