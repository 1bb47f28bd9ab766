//! The service as its users have it: a process, asked over HTTP and by sockets, and stopped by a signal.

mod client;
mod process;
mod service;
