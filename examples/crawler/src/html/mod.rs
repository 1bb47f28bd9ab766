//! Links, and what a page says of itself, in one pass over its bytes.
//!
//! [`decode`] brings a page to an encoding that [`extract`] can read; most pages are, and are not copied.

mod charset;
mod meta;
mod page;
mod refresh;
mod robots_meta;
mod scan;
mod text;

pub use self::charset::{Decoded, decode};
pub use self::page::{Link, LinkKind, Page, extract, extract_for};
pub use self::refresh::Refresh;
pub use self::robots_meta::RobotsMeta;
