//! A market that is made up: prices that wander, and always find home.

use std::convert::Infallible;
use std::time::Duration;

use serde::Serialize;
use thalweg::Observable;
use thalweg::prelude::*;
use thalweg::sources::interval;

use crate::clock::now_ms;

/// What is traded, and the price that each comes back to.
const RIVERS: [(&str, f64); 4] = [
    ("Danube", 285.7),
    ("Elbe", 109.4),
    ("Oder", 86.6),
    ("Rhine", 123.3),
];

/// How far one trade moves a price at most, as a part of it.
const STEP: f64 = 0.002;

/// How much of the way home a price goes at each trade.
const PULL: f64 = 0.004;

/// One trade.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Trade {
    symbol: &'static str,
    price: f64,
    size: u32,
    /// When, in milliseconds since 1970.
    at: u64,
}

/// A trade every 40 ms.
pub(crate) fn trades() -> Flow<impl Observable<Item = Trade, Error = Infallible>> {
    let mut prices = RIVERS.map(|(_, home)| home);
    interval(Duration::from_millis(40)).map(move |_| {
        let river = fastrand::usize(..RIVERS.len());
        let (symbol, home) = RIVERS[river];
        let price = &mut prices[river];
        *price *= 1.0 + (fastrand::f64() * 2.0 - 1.0) * STEP;
        *price += (home - *price) * PULL;
        Trade {
            symbol,
            price: (*price * 100.0).round() / 100.0,
            size: fastrand::u32(1..=20) * 10,
            at: now_ms(),
        }
    })
}
