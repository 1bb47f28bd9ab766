//! What was told lately, for a page that comes in the middle.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde_json::Value;
use tokio::time::Instant;

use crate::crawl::{State, Watch};
use crate::progress::per_second;

/// Rates that are remembered, one a second.
const RATES: usize = 300;

/// Pages and errors that are remembered, of each.
const EVENTS: usize = 50;

/// A crawl, and what was lately told of it.
#[derive(Debug)]
pub(super) struct Recent {
    pub(super) watch: Watch,
    told: Mutex<Told>,
}

#[derive(Debug, Default)]
struct Told {
    last: Option<(Instant, u64)>,
    rates: VecDeque<f64>,
    pages: VecDeque<Value>,
    errors: VecDeque<Value>,
}

/// A look at a crawl.
#[derive(Debug, Serialize)]
pub(super) struct Look {
    #[serde(flatten)]
    state: State,
    /// Pages a second since the look before.
    rate: f64,
}

/// All that a page begins with.
#[derive(Debug, Serialize)]
pub(super) struct Beginning {
    state: State,
    /// Pages a second, a number for each second.
    rates: VecDeque<f64>,
    pages: VecDeque<Value>,
    errors: VecDeque<Value>,
    /// Whether this dashboard may change the crawl.
    control: bool,
    version: &'static str,
}

impl Recent {
    pub(super) fn new(watch: Watch) -> Self {
        Self {
            watch,
            told: Mutex::default(),
        }
    }

    /// Looks at the crawl, once a second.
    pub(super) fn look(&self) -> Look {
        let state = self.watch.state();
        let (now, pages) = (Instant::now(), state.totals.pages);
        let mut told = self.lock();
        let (since, before) = told.last.replace((now, pages)).unwrap_or((now, pages));
        let rate = (per_second(pages - before, now - since) * 10.0).round() / 10.0;
        push(&mut told.rates, RATES, rate);
        Look { state, rate }
    }

    pub(super) fn page(&self, page: Value) {
        push(&mut self.lock().pages, EVENTS, page);
    }

    pub(super) fn error(&self, error: Value) {
        push(&mut self.lock().errors, EVENTS, error);
    }

    pub(super) fn beginning(&self, control: bool) -> Beginning {
        let state = self.watch.state();
        let told = self.lock();
        Beginning {
            state,
            rates: told.rates.clone(),
            pages: told.pages.clone(),
            errors: told.errors.clone(),
            control,
            version: env!("CARGO_PKG_VERSION"),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Told> {
        // Every change is complete before anything can panic.
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn push<T>(kept: &mut VecDeque<T>, most: usize, new: T) {
    if kept.len() == most {
        kept.pop_front();
    }
    kept.push_back(new);
}
