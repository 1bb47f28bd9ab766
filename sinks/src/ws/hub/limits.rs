//! How much of the server a client may take.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// How often a client may say something: so many times at once, and so many times a second for long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    pub(super) burst: u32,
    pub(super) per_second: u32,
}

/// What a client has left of its rate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowance {
    /// The moment at which it has all of its burst again.
    restored: Instant,
}

impl Allowance {
    pub(super) fn new(now: Instant) -> Self {
        Self { restored: now }
    }

    /// Takes one; `false` if there is none left.
    pub(super) fn take(&mut self, rate: Rate, now: Instant) -> bool {
        let one = Duration::from_secs(1) / rate.per_second;
        let restored = self.restored.max(now) + one;
        if restored - now > one * rate.burst {
            return false;
        }
        self.restored = restored;
        true
    }
}

/// Who is connected, or about to be.
#[derive(Debug)]
pub(super) struct Census {
    max_all: usize,
    max_each: usize,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// Why there is no seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoSeat {
    Full,
    FullForAddress,
}

impl Census {
    pub(super) fn new(max_all: usize, max_each: usize) -> Self {
        Self {
            max_all,
            max_each,
            counts: Mutex::default(),
        }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        // No invariant spans a call that could panic.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a seat, until the seat is dropped.
    pub(super) fn sit(self: &Arc<Self>, address: Option<IpAddr>) -> Result<Seat, NoSeat> {
        let mut counts = self.counts();
        if counts.all >= self.max_all {
            return Err(NoSeat::Full);
        }
        if let Some(address) = address {
            let each = counts.by_address.entry(address).or_default();
            if *each >= self.max_each {
                return Err(NoSeat::FullForAddress);
            }
            *each += 1;
        }
        counts.all += 1;
        Ok(Seat {
            census: self.clone(),
            address,
        })
    }
}

/// A client's place among the connections.
#[derive(Debug)]
pub(super) struct Seat {
    census: Arc<Census>,
    address: Option<IpAddr>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut counts = self.census.counts();
        counts.all -= 1;
        if let Some(address) = self.address
            && let Some(each) = counts.by_address.get_mut(&address)
        {
            *each -= 1;
            if *each == 0 {
                counts.by_address.remove(&address);
            }
        }
    }
}
