//! Undertone turns folders of video into sentiment reports on one's own machine,
//! also where the words are missing.
//!
//! The map, from the outside in (imports go only downwards):
//!
//! | room | what lives there |
//! | --- | --- |
//! | [`cli`] | one file per subcommand; the only place that prints for people |
//! | [`topology`] | wires the stages into a chain of threads, runs it, shuts it down |
//! | [`daemon`] | watches folders, looks after the worker that scores, loses nothing |
//! | [`training`] | data sets, the two-flow training loop, metrics |
//! | [`stages`] | one file per stage of the chain |
//! | [`engines`] | GStreamer, whisper.cpp, llama.cpp: the only files that name those crates |
//! | [`formats`] | the field's data sets and PyTorch's weights, read without executing them |
//! | [`features`] | the built-in audio and video extractors |
//! | [`fusion`] | the network of the method, its losses and checkpoints (tch) |
//! | [`reports`] | the JSONL report, its schema, the ledger |
//! | [`discovery`] | which files are recordings |
//! | [`bundle`] | manifests of model folders and their checks |
//! | [`config`] | what was said (raw) and what is meant (resolved) |
//! | [`telemetry`] | logs, stage clocks, process facts |
//! | [`flow`] | the messages between stages; depends on nothing |

pub mod bundle;
pub mod cli;
pub mod config;
pub mod daemon;
pub mod discovery;
pub mod engines;
pub mod features;
pub mod flow;
pub mod formats;
pub mod fusion;
pub mod reports;
pub mod stages;
pub mod telemetry;
pub mod topology;
pub mod training;
