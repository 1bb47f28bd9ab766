//! What a crawl leaves on disk.
//!
//! [`Outputs`] owns every file of a crawl and is the only one that writes to them. Each is an [`AppendFile`]: it only
//! grows, and a crawl that is taken up again cuts it to one of its [`Positions`], the last that is known to be whole.

mod append_file;
mod archive;
mod contents;
mod digest;
mod directory;
mod error;
mod extracts;
mod link_graph;
mod outputs;
mod pages;
mod positions;
mod record;
mod rule;
mod sort;

pub use self::append_file::AppendFile;
pub use self::digest::{Algorithm, Digest};
pub use self::error::OutputError;
pub use self::outputs::Outputs;
pub(crate) use self::pages::PAGES;
pub use self::positions::Positions;
pub use self::record::PageRecord;
pub use self::rule::Rule;
