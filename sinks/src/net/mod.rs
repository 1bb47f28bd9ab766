//! Connections and datagrams.

mod datagrams;
mod tcp;
mod tcp_bytes;
mod tcp_lines;
mod udp;
#[cfg(unix)]
mod unix;
#[cfg(unix)]
mod unix_datagrams;

pub use tcp::{Tcp, tcp};
pub use tcp_bytes::{TcpBytes, tcp_bytes};
pub use tcp_lines::{TcpLines, tcp_lines};
pub use udp::{Udp, udp};
#[cfg(unix)]
pub use unix::{Unix, unix};
#[cfg(unix)]
pub use unix_datagrams::{UnixDatagrams, unix_datagrams};
