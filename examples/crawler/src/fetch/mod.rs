//! An HTTP client for crawling: one hop per call, bounded bodies, and no way into private networks.
//!
//! HTTP/1.1 with keep-alive and, over TLS, HTTP/2. A redirect is an answer like any other: the
//! crawl decides whether to follow it, so every hop passes the same scope, robots and address checks.

mod body;
mod client;
mod config;
mod connect;
mod connection;
mod error;
mod guard;
mod pool;
mod response;

pub use client::Client;
pub use config::{Config, DEFAULT_USER_AGENT};
pub use error::{FetchError, Phase};
pub use guard::is_public;
pub use response::Response;
