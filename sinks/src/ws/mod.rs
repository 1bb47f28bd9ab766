//! A WebSocket server that is a sink.
//!
//! [`Message`] is that of tokio-tungstenite: the bytes of a message are shared by all clients, never copied.

mod broadcast;
mod clients;
mod server;

pub use broadcast::{BindError, Binding, Broadcast, SlowClients, broadcast};
pub use clients::Clients;
pub use tokio_tungstenite::tungstenite::Message;
