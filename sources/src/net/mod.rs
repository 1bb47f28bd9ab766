//! What comes over TCP.

mod tcp_connections;
mod tcp_lines;

pub use tcp_connections::{AcceptError, Connection, TcpConnections, tcp_connections};
pub use tcp_lines::{TcpLines, tcp_lines};
