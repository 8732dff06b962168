//! `undertone watch` as people and machines use it.

mod arrivals;
mod daemon;
mod failures;
mod live;
mod operations;
mod soak;
