//! TCP connections.

mod server;
mod tcp_bytes;
mod tcp_lines;

pub use tcp_bytes::{TcpBytes, tcp_bytes};
pub use tcp_lines::{TcpLines, tcp_lines};
