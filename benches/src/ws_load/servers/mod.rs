//! The servers of this program, each of which runs in a process of its own.
//!
//! They print `listening <address>`, take [orders](crate::order::Order) from their standard input until it ends, and send
//! every event to every client.

pub(crate) mod by_hand;
pub(crate) mod fast_websockets;
pub(crate) mod hub;
pub(crate) mod tokio_websockets;
pub(crate) mod tungstenite_feed;
pub(crate) mod tungstenite_send;

mod control;
