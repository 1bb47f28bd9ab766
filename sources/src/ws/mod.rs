//! WebSocket clients and servers.
//!
//! [`messages`] only listens: it connects when it is polled, and again when it is cloned. [`connect`] connects at once and
//! gives a half to send as well. [`Client`] has the options of both: headers, subscriptions, limits and times, and how to
//! reconnect. [`listen`] is a server, whose clients come as items.
//!
//! Addresses begin with `ws://`, or with `wss://` if the feature `wss` is on.
//!
//! [`Message`] and [`tungstenite`] are those of tokio-tungstenite, as in the sink that broadcasts: a message crosses from the
//! socket to the consumer, and on to other sockets, without a copy.

mod client;
mod connect;
mod error;
mod events;
mod incoming;
mod listen;
mod messages;
mod open;
mod outgoing;
mod session;

pub use client::{Client, DEFAULT_MAX_MESSAGE_SIZE};
pub use connect::{Received, WsSender, connect};
pub use error::WsError;
pub use events::{Event, Events};
pub use listen::{Listen, WsConnection, listen};
pub use messages::{Messages, messages};
pub use outgoing::{ClientSender, NotSent};
pub use tokio_tungstenite::tungstenite::{self, Message};
