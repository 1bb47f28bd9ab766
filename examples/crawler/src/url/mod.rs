//! Addresses: from an `href` to an absolute URL, to the one spelling of it, to whether it is in scope.

mod extensions;
mod filter;
mod normalise;
mod resolve;
mod scope;
mod session;
mod text;

pub use self::extensions::Extensions;
pub use self::filter::Filter;
pub(crate) use self::normalise::forget_user;
pub use self::normalise::{Likeness, Normaliser, normalise};
pub use self::resolve::{resolve, resolve_in, resolve_text};
pub use self::scope::{Bounds, Scope};

/// The longest URL that is followed, in bytes. Longer ones are traps or mistakes; and a page with a long base and many
/// short links would take up far more memory than it has bytes.
pub const LONGEST: usize = 2048;
