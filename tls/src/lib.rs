//! TLS for the sources and sinks of thalweg: who trusts whom, said once for both.
//!
//! [`TlsClient`] belongs to the clients that can encrypt, of TCP, HTTP and `ws`, as sources and as sinks.
//! [`TlsServer`] turns what a listener accepts into an encrypted connection. Both are rustls with ring.

mod client;
mod error;
mod pem;
mod server;

use std::sync::Arc;

use tokio_rustls::rustls::crypto::{CryptoProvider, ring::default_provider};

pub use client::TlsClient;
pub use error::TlsError;
pub use server::TlsServer;
pub use tokio_rustls::{self, server::TlsStream};

/// Names the crypto provider: the default of rustls panics in a program that has two.
fn provider() -> Arc<CryptoProvider> {
    default_provider().into()
}
