//! Reports as a page that people read: one HTML file with everything in it.
//!
//! The page is `page/page.html` with its style and scripts, and the lines of the reports as JSON in
//! script elements that nothing executes. What is shown of them, and how, is decided in the
//! scripts; what needs all reports at once (distributions, outliers) is computed here. What must
//! not live here: how reports are written or found to be done (see `reports`).

mod embed;
mod facts;
mod gather;
mod media;
mod page;

pub use gather::{GatherError, Source, gather};
pub use page::{Made, PageError, write_page};
