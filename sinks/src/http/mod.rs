//! HTTP servers that items are posted to.

mod client;
mod error;
mod post;
mod retry_after;

pub use error::HttpError;
pub use post::{Post, post};
