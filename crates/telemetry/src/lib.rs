//! Observing the program: logs, stage clocks, memory and other usage of processes.
//!
//! What must not live here: anything that a stage does, progress bars (see `cli`), and the
//! daemon's metrics (see `daemon`).

mod clock;
mod logs;
mod process;
mod usage;

pub use clock::{AtWork, StageClock, StageClocks, StageTimes, busy_share};
pub use logs::{LOG_VARIABLE, LogError, start_logging};
pub use process::{machine_memory_bytes, peak_memory_bytes, peak_memory_bytes_of};
pub use usage::ProcessUsage;
