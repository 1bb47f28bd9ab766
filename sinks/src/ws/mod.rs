//! A WebSocket server, and a client, that are sinks.
//!
//! [`Message`] is that of tokio-tungstenite: the bytes of a message are shared by all clients, never copied.

mod broadcast;
mod clients;
mod error;
mod send;
mod server;

pub use broadcast::{BindError, Binding, Broadcast, SlowClients, broadcast};
pub use clients::Clients;
pub use error::SendError;
pub use send::{Client, send};
pub use tokio_tungstenite::tungstenite::Message;
