//! Sources and sinks from end to end: over loopback, on files of their own, with the other side played by plain clients.

mod channel;
mod contract;
mod files;
mod interop;
mod reliability;
#[cfg(unix)]
mod signals;
mod tcp;
mod time;
mod ws;
