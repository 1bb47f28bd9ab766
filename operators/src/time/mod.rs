//! Operators that look at the clock. All of them use tokio's, so that a paused clock gives exact tests.

mod debounce;
mod delay;
mod pace;
mod throttle;
mod timeout_each;

pub use debounce::Debounce;
pub use delay::Delay;
pub use pace::Pace;
pub use throttle::Throttle;
pub use timeout_each::TimeoutEach;
