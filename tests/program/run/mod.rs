//! `undertone run`: recordings that end its worker, signals, two runs at once.

mod batch;
mod failures;
mod interrupted;
mod soak;
mod together;
mod told;
