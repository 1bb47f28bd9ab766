//! What HTTP servers have: documents that change, and streams of server-sent events.
//!
//! Addresses begin with `http://`, or with `https://` if the feature `tls` is on. It is HTTP/1.1, over a connection for
//! each request.

mod error;
mod event_stream;
mod poll;
mod request;
pub mod sse;

pub use error::HttpError;
pub use poll::{Document, Polling, poll};
