//! Every program in `examples/`, tried as a user would: with real files, sockets on loopback, signals, and its output.

mod conventions;
mod files;
mod http;
mod net;
mod process;
mod program;
mod time;
mod ws;
