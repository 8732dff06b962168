//! The pages of a folder of reports, served while the reports come: `undertone watch` with
//! `pages.listen`.
//!
//! ```text
//! browser ── changes, reports, media ──► server ──► index ◄── reader ◄── folder of reports
//! ```
//!
//! The reports are the ledger, so nobody has to tell this crate what is new: while somebody looks, a
//! reader compares the folder with the index, and reads only files that are new or were replaced. A page
//! asks for what has changed since it asked last. Nothing is read or kept while nobody looks.
//!
//! What must not live here: what a page shows and how (see `pages`), what the daemon does (its
//! status is handed in), and anything that changes a report: a page only looks.

mod address;
mod index;
mod media;
mod range;
mod reader;
mod server;

pub use server::{Live, LiveError, Serving};
