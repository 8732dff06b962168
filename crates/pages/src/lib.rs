//! Reports as a page that people read: one HTML file with everything in it, or the parts of one that is
//! served while reports come.
//!
//! The page is `page/page.html` with its style and scripts, and the lines of the reports as JSON in
//! script elements that nothing executes. What is shown of them, and how, is decided in the
//! scripts; what needs all reports at once (distributions, outliers) is computed here. What must
//! not live here: how reports are written or found to be done (see `reports`), and any socket (see `live`).

mod embed;
mod entries;
mod facts;
mod gather;
mod live;
mod media;
mod page;

pub use facts::{FolderFacts, Standing};
pub use gather::{GatherError, Source, gather, unique};
pub use live::{LIVE_DOCUMENT, LIVE_STYLE, Row, live_script, recording_json, row};
pub use page::{Made, PageError, write_page};
