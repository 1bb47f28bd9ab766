//! The monotonic clock.

use rustix::time::{ClockId, clock_gettime};

/// Gives microseconds since the machine started.
pub(crate) fn now() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    // The clock starts at zero, and stays below the range for half a million years.
    now.tv_sec.unsigned_abs() * 1_000_000 + now.tv_nsec.unsigned_abs() / 1_000
}
