//! Operators that gather items.

mod buffer_by;
mod buffer_count;
mod buffer_time;
mod buffer_toggle;
mod buffer_when;
mod chunks;
mod session;
mod shared;
mod window_by;
mod window_count;
mod window_time;
mod window_toggle;
mod window_when;

pub use buffer_by::BufferBy;
pub use buffer_count::BufferCount;
pub use buffer_time::BufferTime;
pub use buffer_toggle::BufferToggle;
pub use buffer_when::BufferWhen;
pub use chunks::{Bytes, ChunkRule, Chunks, NoRule, Overlap, Until};
pub use session::Session;
pub use shared::Window;
pub use window_by::WindowBy;
pub use window_count::WindowCount;
pub use window_time::WindowTime;
pub use window_toggle::WindowToggle;
pub use window_when::WindowWhen;
