//! Undertone turns folders of video into sentiment reports on one's own machine,
//! also where the words are missing.
//!
//! This package is the program: what runs the chain. The rooms that it is made of are
//! crates of their own, in `crates/`; ARCHITECTURE.md has the map.
//!
//! | room | what lives there |
//! | --- | --- |
//! | [`cli`] | one file per subcommand; the only place that prints for people |
//! | [`assembly`] | settings and bundle become engines and a chain |
//! | [`labelled`] | labelled clips through the engines: data sets, the gate |
//! | [`worker`] | the chain at the service of the daemon |
//! | [`topology`] | wires the stages into a chain of threads, runs it, shuts it down |
//! | [`stages`] | one file per stage of the chain |

pub mod assembly;
pub mod cli;
pub mod labelled;
pub mod stages;
pub mod topology;
pub mod worker;
