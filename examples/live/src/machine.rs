//! The load of this machine, as its system tells it.

use std::convert::Infallible;
use std::time::Duration;

use serde::Serialize;
use sysinfo::System;
use thalweg::Observable;
use thalweg::prelude::*;
use thalweg::sources::interval;

use crate::clock::now_ms;

/// How busy the machine is.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Load {
    /// The time that all processors worked since the last look, in percent.
    cpu: f32,
    /// The memory that is in use, in percent.
    memory: f64,
    /// When, in milliseconds since 1970.
    at: u64,
}

/// A look every second.
///
/// # Errors
///
/// If nobody knows how this system tells its load.
pub(crate) fn load()
-> Result<Flow<impl Observable<Item = Load, Error = Infallible>>, sysinfo::Error> {
    let mut system = System::new()?;
    let looks = interval(Duration::from_secs(1)).map(move |_| {
        system.refresh_cpu_usage();
        system.refresh_memory();
        #[expect(clippy::cast_precision_loss, reason = "percents do not need all bytes")]
        let memory = 100.0 * system.used_memory() as f64 / system.total_memory().max(1) as f64;
        Load {
            cpu: system.global_cpu_usage(),
            memory,
            at: now_ms(),
        }
    });
    Ok(looks)
}
