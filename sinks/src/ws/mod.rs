//! A WebSocket server, the [hub], and a client, that are sinks.
//!
//! [`Message`] is that of tokio-tungstenite: its bytes are shared, never copied.

mod error;
pub mod hub;
mod send;

pub use error::SendError;
pub use hub::{Event, Hub, SlowClients};
pub use send::{Client, send};
pub use tokio_tungstenite::tungstenite::Message;
