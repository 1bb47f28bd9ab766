//! Addresses: one may serve thousands of sites, and is spared as one server.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::pace::{MOMENT, Pace, Policy};
use crate::fetch::Response;

/// Addresses that are remembered while no request to them runs.
const REMEMBERED: usize = 10_000;

/// How long an answer is expected to take where nothing is known.
const EXPECTED_LATENCY: Duration = Duration::from_millis(100);

/// How many requests an address gets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// In flight at once.
    pub(crate) in_flight: usize,
    /// Between the starts of two of them.
    pub(crate) delay: Duration,
    pub(crate) policy: Policy,
}

/// An address, as all sites at it share it.
#[derive(Debug)]
pub(super) struct Address {
    limits: Limits,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    pace: Pace,
    in_flight: usize,
    /// When the next site that finds no room may come back.
    next_place: Instant,
}

/// A request to an address, for as long as it runs.
#[derive(Debug)]
pub(super) struct Visitor(Arc<Address>);

impl Address {
    fn new(limits: Limits, now: Instant) -> Self {
        Self {
            limits,
            state: Mutex::new(State {
                pace: Pace::new(limits.delay),
                in_flight: 0,
                next_place: now,
            }),
        }
    }

    /// Begins a request.
    ///
    /// # Errors
    ///
    /// How long to stay away, if there are enough of them. Those who are sent away get places one behind the other, so
    /// that they do not all come back at once.
    fn enter(self: Arc<Self>, now: Instant) -> Result<Visitor, Duration> {
        let mut state = self.lock();
        let wait = state.pace.wait(now);
        if state.in_flight < self.limits.in_flight && wait <= MOMENT {
            state.in_flight += 1;
            drop(state);
            return Ok(Visitor(self));
        }
        let latency = state.pace.latency().unwrap_or(EXPECTED_LATENCY);
        let share = u32::try_from(self.limits.in_flight).unwrap_or(u32::MAX);
        let spacing = self.limits.delay.max(latency / share).max(MOMENT / 10);
        let place = state.next_place.max(now + wait.max(spacing));
        state.next_place = place + spacing;
        Err(place - now)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change is complete before anything can panic, so a poisoned lock is a sound one.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Visitor {
    /// Takes the turn to send the request now.
    ///
    /// # Errors
    ///
    /// When to try again, if it is too early.
    pub(super) fn claim(&self, now: Instant) -> Result<(), Instant> {
        self.0.lock().pace.claim(self.0.limits.policy, now)
    }

    /// Learns from an answer that was a good one.
    pub(super) fn succeed(&self, response: &Response) {
        let policy = self.0.limits.policy;
        let mut state = self.0.lock();
        state.pace.answered(policy, response.answered);
        state.pace.succeed(policy, response.latency);
    }
}

impl Drop for Visitor {
    fn drop(&mut self) {
        self.0.lock().in_flight -= 1;
    }
}

/// All addresses that requests run to, and the last ones that had some.
#[derive(Debug, Default)]
pub(super) struct Addresses(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    by_address: HashMap<IpAddr, Arc<Address>>,
    /// The longest known first.
    order: VecDeque<IpAddr>,
}

impl Addresses {
    /// Begins a request to `address`; one that is new has these limits.
    ///
    /// # Errors
    ///
    /// How long to stay away, if enough requests run there.
    pub(super) fn enter(
        &self,
        address: IpAddr,
        limits: Limits,
        now: Instant,
    ) -> Result<Visitor, Duration> {
        self.of(address, limits, now).enter(now)
    }

    fn of(&self, address: IpAddr, limits: Limits, now: Instant) -> Arc<Address> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.by_address.get(&address) {
            return known.clone();
        }
        let new = Arc::new(Address::new(limits, now));
        known.by_address.insert(address, new.clone());
        known.order.push_back(address);
        known.forget(now);
        new
    }
}

impl Known {
    /// Forgets the longest known address if there are too many and nothing needs it.
    fn forget(&mut self, now: Instant) {
        if self.order.len() <= REMEMBERED {
            return;
        }
        let Some(oldest) = self.order.pop_front() else {
            return;
        };
        let is_needed = self.by_address.get(&oldest).is_some_and(|address| {
            Arc::strong_count(address) > 1 || !address.lock().pace.wait(now).is_zero()
        });
        if is_needed {
            self.order.push_back(oldest);
        } else {
            self.by_address.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn limits(in_flight: usize, delay: u64) -> Limits {
        Limits {
            in_flight,
            delay: Duration::from_millis(delay),
            policy: Policy {
                factor: 0.0,
                longest: Duration::from_secs(30),
            },
        }
    }

    #[test]
    fn no_more_requests_run_than_allowed() {
        let (addresses, now) = (Addresses::default(), Instant::now());
        let enter = || addresses.enter(HERE, limits(2, 0), now);
        let first = enter().expect("room");
        let _second = enter().expect("room");
        // An answer is expected to take 100 ms, of two: so there is room each 50 ms.
        let waits = [(); 3].map(|()| enter().expect_err("no room").as_millis());
        assert_eq!(waits, [50, 100, 150]);
        drop(first);
        let _third = enter().expect("room again");
        assert!(enter().is_err());
        let elsewhere = IpAddr::from([127, 0, 0, 2]);
        assert!(addresses.enter(elsewhere, limits(2, 0), now).is_ok());
    }

    #[test]
    fn requests_are_a_delay_apart_over_all_sites() {
        let (addresses, now) = (Addresses::default(), Instant::now());
        let enter = |now| addresses.enter(HERE, limits(9, 200), now);
        let first = enter(now).expect("room");
        assert_eq!(first.claim(now), Ok(()));
        let waits = [(); 3].map(|()| enter(now).expect_err("too early").as_millis());
        assert_eq!(waits, [200, 400, 600]);
        let later = now + Duration::from_millis(200);
        let second = enter(later).expect("its place");
        assert_eq!(second.claim(later), Ok(()));
        assert!(first.claim(later).is_err());
    }

    #[test]
    fn addresses_without_requests_are_forgotten() {
        let (addresses, now) = (Addresses::default(), Instant::now());
        let kept = addresses.enter(HERE, limits(1, 0), now).expect("room");
        for number in 0..2 * u32::try_from(REMEMBERED).expect("small") {
            let address = IpAddr::from(number.to_be_bytes());
            addresses.enter(address, limits(1, 0), now).expect("room");
        }
        assert!(addresses.0.lock().expect("sound").order.len() <= REMEMBERED + 1);
        assert!(
            addresses.enter(HERE, limits(1, 0), now).is_err(),
            "one runs"
        );
        drop(kept);
    }
}
