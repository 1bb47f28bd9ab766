//! Connections that no request uses right now, kept for the next one to the same origin.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::connection::{Connection, Kind};

/// A bounded store of idle connections.
///
/// Nothing runs in the background: what has been idle for too long is closed when the pool is next
/// used, and what the peer has closed is found out when it is taken.
pub(super) struct Pool {
    max_idle_per_host: usize,
    max_idle: usize,
    idle_timeout: Duration,
    idle: Mutex<Idle>,
}

#[derive(Default)]
struct Idle {
    /// Per origin the longest idle first.
    by_origin: HashMap<Arc<str>, Vec<Entry>>,
    /// All entries, the longest idle first.
    by_age: BTreeMap<Ticket, (Instant, Arc<str>)>,
    next_ticket: Ticket,
}

type Ticket = u64;

struct Entry {
    ticket: Ticket,
    connection: Connection,
}

impl Pool {
    pub(super) fn new(max_idle_per_host: usize, max_idle: usize, idle_timeout: Duration) -> Self {
        Self {
            max_idle_per_host,
            max_idle,
            idle_timeout,
            idle: Mutex::default(),
        }
    }

    /// Takes the most recently used connection to `origin`. One of HTTP/2 stays for others as well.
    pub(super) fn take(&self, origin: &str, now: Instant) -> Option<Connection> {
        let mut idle = self.lock();
        idle.expire(now, self.idle_timeout);
        let connection = idle.pop(origin)?;
        if let Kind::Http2(sender) = &connection.kind {
            let shared = Connection {
                origin: connection.origin.clone(),
                remote: connection.remote,
                kind: Kind::Http2(sender.clone()),
            };
            idle.push(shared, now);
        }
        Some(connection)
    }

    /// Keeps `connection` for later, and closes the longest idle one if there are too many.
    pub(super) fn put(&self, connection: Connection, now: Instant) {
        let mut idle = self.lock();
        idle.expire(now, self.idle_timeout);
        let same = idle.by_origin.get(&connection.origin);
        let has_http2 =
            same.is_some_and(|same| same.iter().any(|entry| entry.connection.is_http2()));
        let is_full = same.is_some_and(|same| same.len() >= self.max_idle_per_host);
        // One connection of HTTP/2 serves all requests to its origin.
        if has_http2 || (is_full || self.max_idle_per_host == 0) && !connection.is_http2() {
            return;
        }
        idle.push(connection, now);
        while idle.by_age.len() > self.max_idle {
            idle.evict_oldest();
        }
    }

    /// Drops the shared connection to `origin`, which turned out to be closed or silent.
    pub(super) fn forget_http2(&self, origin: &str) {
        let mut idle = self.lock();
        let Some(entries) = idle.by_origin.get_mut(origin) else {
            return;
        };
        let closed: Vec<_> = entries
            .extract_if(.., |entry| entry.connection.is_http2())
            .collect();
        if entries.is_empty() {
            idle.by_origin.remove(origin);
        }
        for entry in closed {
            idle.by_age.remove(&entry.ticket);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Idle> {
        // Every change is complete before anything can panic, so a poisoned lock is a sound one.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Idle {
    fn push(&mut self, connection: Connection, now: Instant) {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        let origin = connection.origin.clone();
        self.by_age.insert(ticket, (now, origin.clone()));
        self.by_origin
            .entry(origin)
            .or_default()
            .push(Entry { ticket, connection });
    }

    fn pop(&mut self, origin: &str) -> Option<Connection> {
        let entries = self.by_origin.get_mut(origin)?;
        let last = entries.pop();
        if entries.is_empty() {
            self.by_origin.remove(origin);
        }
        let Entry { ticket, connection } = last?;
        self.by_age.remove(&ticket);
        Some(connection)
    }

    fn expire(&mut self, now: Instant, idle_timeout: Duration) {
        while let Some((_, (since, _))) = self.by_age.first_key_value()
            && now.duration_since(*since) >= idle_timeout
        {
            self.evict_oldest();
        }
    }

    fn evict_oldest(&mut self) {
        let Some((_, (_, origin))) = self.by_age.pop_first() else {
            return;
        };
        // Within its origin, the oldest of all is the first.
        if let Some(entries) = self.by_origin.get_mut(&origin) {
            entries.remove(0);
            if entries.is_empty() {
                self.by_origin.remove(&origin);
            }
        }
    }
}
