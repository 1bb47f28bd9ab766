//! An HTTP client for crawling: one hop per call, bounded bodies, and no way into private networks.
//!
//! HTTP/1.1 with keep-alive and, over TLS, HTTP/2. A redirect is an answer like any other: the
//! crawl decides whether to follow it, so every hop passes the same scope, robots and address checks.

mod auth;
mod body;
mod client;
mod coding;
mod config;
mod connect;
mod connection;
mod cookies;
mod dial;
mod dns;
mod error;
mod guard;
mod message;
mod pool;
mod proxy;
mod reason;
mod request;
mod response;

pub use auth::Credentials;
pub use client::Client;
pub use config::{Config, DEFAULT_USER_AGENT};
pub use dns::{Resolve, SystemResolver};
pub use error::{FetchError, Phase};
pub use guard::is_public;
pub use proxy::{NoProxy, Proxy};
pub use reason::{Reason, Troubles};
pub use request::{Request, Turn, Validators};
pub use response::Response;
pub(crate) use response::is_html;
