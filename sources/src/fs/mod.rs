//! What files hold.

mod lines;

pub use lines::{Lines, lines};
