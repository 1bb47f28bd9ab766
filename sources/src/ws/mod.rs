//! WebSocket clients.
//!
//! [`messages`] only listens: it connects when it is polled, and again when it is cloned, so that `retry` can reconnect.
//! [`connect`] connects at once and gives a half to send as well.
//!
//! Addresses begin with `ws://`, or with `wss://` if the feature `wss` is on.
//!
//! [`Message`] and [`tungstenite`] are those of tokio-tungstenite, as in the sink that broadcasts: a message crosses from the
//! socket to the consumer, and on to other sockets, without a copy.

mod connect;
mod error;
mod incoming;
mod messages;
mod open;

pub use connect::{Received, WsSender, connect};
pub use error::WsError;
pub use messages::{Messages, messages};
pub use tokio_tungstenite::tungstenite::{self, Message};
