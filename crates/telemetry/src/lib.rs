//! What the program says about itself: logs, stage clocks, process facts.
//!
//! Nothing here knows what the stages do; progress for people is in `cli`.

mod clock;
mod logs;
mod process;

pub use clock::{AtWork, StageClock, StageClocks, StageTimes};
pub use logs::{LOG_VARIABLE, LogError, start_logging};
pub use process::{machine_memory_bytes, peak_memory_bytes};
