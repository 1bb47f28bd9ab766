//! What the hub has done so far.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

macro_rules! counters {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// The live numbers behind [`Stats`].
        #[derive(Debug, Default)]
        pub(super) struct Counters {
            $(pub(super) $name: AtomicU64,)+
        }

        /// What a hub has done since it started, see [`Handle::stats`](super::Handle::stats).
        ///
        /// Numbers read while events move may be a batch apart.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Stats {
            $($(#[doc = $doc])+ pub $name: u64,)+
        }

        impl Counters {
            pub(super) fn read(&self) -> Stats {
                Stats { $($name: self.$name.load(Relaxed),)+ }
            }
        }
    };
}

counters! {
    /// Clients that are connected now.
    clients,
    /// Clients that came in, all together.
    admitted,
    /// Requests that were not let in, were no request of a client, or did not come in time; and connections that broke before.
    refused,
    /// Events that were published.
    published,
    /// Events that were written to clients; an event counts once for every client.
    sent,
    /// Bytes that were written to clients.
    sent_bytes,
    /// Events that clients missed because they were too slow; an event counts once for every client.
    dropped,
    /// Clients that asked for what they missed, and got all of it, by topic.
    resumed,
    /// Clients that asked for what they missed, and had to start anew, by topic.
    reset,
    /// Clients that were disconnected because they were too slow.
    too_slow,
    /// Clients that were disconnected because they did not answer.
    dead,
    /// Clients that were disconnected because of what they sent.
    misbehaved,
}

pub(super) fn add(counter: &AtomicU64, count: u64) {
    if count > 0 {
        counter.fetch_add(count, Relaxed);
    }
}

pub(super) fn subtract(counter: &AtomicU64, count: u64) {
    counter.fetch_sub(count, Relaxed);
}
