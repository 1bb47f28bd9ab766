//! Operators that look at the clock. All of them use tokio's, so that a paused clock gives exact tests.

mod audit;
mod audit_by;
mod deadline;
mod debounce;
mod debounce_by;
mod delay;
mod delay_by;
mod delay_subscription;
mod keep_alive;
mod pace;
mod sample;
mod sample_by;
mod throttle;
mod throttle_by;
mod timeout_each;
mod timeout_first;
mod timeout_or_else;

pub use audit::Audit;
pub use audit_by::AuditBy;
pub use deadline::Deadline;
pub use debounce::Debounce;
pub use debounce_by::DebounceBy;
pub use delay::Delay;
pub use delay_by::DelayBy;
pub use delay_subscription::DelaySubscription;
pub use keep_alive::KeepAlive;
pub use pace::Pace;
pub use sample::Sample;
pub use sample_by::SampleBy;
pub use throttle::Throttle;
pub use throttle_by::ThrottleBy;
pub use timeout_each::TimeoutEach;
pub use timeout_first::TimeoutFirst;
pub use timeout_or_else::TimeoutOrElse;
