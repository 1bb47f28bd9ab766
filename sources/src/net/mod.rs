//! What comes over sockets.

mod accept_error;
mod client;
mod idle_timeout;
mod tcp_connections;
mod tcp_frames;
mod tcp_lines;
pub(crate) mod transport;
mod udp_datagrams;
#[cfg(unix)]
mod unix_connections;
#[cfg(unix)]
mod unix_frames;

pub use accept_error::AcceptError;
pub use idle_timeout::IdleTimeout;
pub(crate) use idle_timeout::Silence;
#[cfg(feature = "ws")]
pub(crate) use tcp_connections::is_of_the_client;
pub use tcp_connections::{Connection, TcpConnections, tcp_connections};
pub use tcp_frames::{TcpFrames, tcp_frames};
pub use tcp_lines::{TcpLines, tcp_lines};
pub use udp_datagrams::{Datagram, DatagramError, UdpDatagrams, udp_datagrams};
#[cfg(unix)]
pub use unix_connections::{UnixConnection, UnixConnections, unix_connections};
#[cfg(unix)]
pub use unix_frames::{UnixFrames, unix_frames};
