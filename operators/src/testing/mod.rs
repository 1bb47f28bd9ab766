//! Tools to test flows: marble diagrams on a paused clock, and the rules of the contract as a check.
//!
//! A marble diagram is a string in which every character is a frame of one millisecond:
//!
//! | sign | meaning |
//! |---|---|
//! | `-` | nothing happens |
//! | `a`, `7`, … | an item |
//! | `{12}` | an item whose text is longer than a character, in one frame |
//! | `(ab\|)` | several in the frame of the `(`; takes as many frames as it has characters |
//! | `\|` | completes |
//! | `#` | fails |
//! | blank | nothing, to line diagrams up |
//!
//! # Examples
//!
//! ```
//! use thalweg_operators::testing::{assert_marbles, cold, with_virtual_time};
//!
//! with_virtual_time(async {
//!     let shouted = cold("  -a-b---c|").map(|letter| letter.to_ascii_uppercase());
//!     assert_marbles(shouted, "-A-B---C|").await;
//! });
//! ```
//!
//! Where the two differ, the test tells both, one above the other:
//!
//! ```text
//! the flow differs from its diagram
//!   expected  -A-B---C|
//!   actual    -A-B----C|
//!                   ^
//! ```

mod conform;
mod marbles;
mod probe;
mod record;
mod subscriptions;

pub use conform::{Captured, Conform, captured};
pub use marbles::{Broken, Marbles, cold, hot, numbers};
pub use probe::{Probe, ProbeLog, Script, probe};
pub use record::{Event, assert_marbles, record, with_virtual_time};
pub use subscriptions::Subscriptions;
