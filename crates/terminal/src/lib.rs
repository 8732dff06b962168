//! Text for people at a terminal: columns, sentences and reports, within its width.
//!
//! All of it is plain text for other programs: without colours, and a line is as long as it is. What
//! must not live here: reading files, and printing.

mod columns;
mod look;
mod recording;
mod report;
mod sentences;
mod table;
mod utterance;

pub use columns::columns;
pub use look::Look;
pub use report::{show, show_record};
pub use sentences::{messages, sentences};
pub use table::{TableFormat, table};
