//! Undertone turns folders of video into sentiment reports on one's own machine,
//! also where the words are missing.
//!
//! This package is the program: it runs the chain, and alone depends on all other crates. They
//! are in `crates/`; ARCHITECTURE.md has the map. What must not live here: anything that one of
//! those crates can hold.
//!
//! | module | what lives there |
//! | --- | --- |
//! | [`cli`] | one file per subcommand; the only place that prints for people |
//! | [`assembly`] | settings and bundle become engines and a chain |
//! | [`labelled`] | runs the engines over labelled clips: makes data sets, fits the gate |
//! | [`worker`] | runs the chain for the daemon, in a process of its own |
//! | [`trial`] | tries each model of a bundle in a process of its own |
//! | [`topology`] | wires the stages into a chain of threads, runs it, shuts it down |
//! | [`stages`] | one file per stage of the chain |

pub mod assembly;
pub mod cli;
pub mod labelled;
pub mod stages;
pub mod topology;
pub mod trial;
pub mod worker;
