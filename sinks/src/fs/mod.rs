//! Files.

mod file;
mod json_lines;
mod lines;

pub use json_lines::{JsonLines, json_lines};
pub use lines::{Lines, lines};
