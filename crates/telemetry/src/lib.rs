//! Observing the program: logs, stage clocks, memory of the process.
//!
//! Nothing here knows what the stages do; progress bars are in `cli`, metrics in `daemon`.

mod clock;
mod logs;
mod process;

pub use clock::{AtWork, StageClock, StageClocks, StageTimes};
pub use logs::{LOG_VARIABLE, LogError, start_logging};
pub use process::{machine_memory_bytes, peak_memory_bytes};
