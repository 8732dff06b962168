//! The keys of a training config, with their types and ranges.

use undertone_config::{Rule, Schema};

/// `config/train.toml` documents each key and is the defaults.
pub(super) static SCHEMA: Schema = Schema {
    defaults: include_str!("../../../config/train.toml"),
    defaults_name: "train.toml",
    listed_by: "config/train.toml",
    keys: KEYS,
    relations: &[],
};

/// A weight of the loss.
const WEIGHT: Rule = Rule::Number(0.0, 1e6);
/// A share that may be all.
const SHARE: Rule = Rule::Number(0.0, 1.0);
/// A dropout rate: at 1 nothing would be left.
const DROPOUT: Rule = Rule::Number(0.0, 0.99);
const WIDTH: Rule = Rule::Integer(2, 16_384);
const COUNT: i64 = 1_000_000;

const KEYS: &[(&str, Rule)] = &[
    ("run.seed", Rule::Integer(0, i64::MAX)),
    ("run.threads", Rule::Integer(0, 1024)),
    ("run.device", Rule::Choice(&["auto", "cpu", "cuda"])),
    ("run.precision", Rule::Choice(&["f32", "bf16"])),
    ("run.epochs", Rule::Integer(1, COUNT)),
    ("run.patience", Rule::Integer(0, COUNT)),
    (
        "run.criterion",
        Rule::Choice(&["both", "complete", "missing"]),
    ),
    ("data.simulated", Rule::Choice(&["given", "ridge"])),
    ("data.without", Rule::Choices(&["audio", "video"])),
    ("optimiser.learning_rate", Rule::Number(1e-9, 100.0)),
    ("optimiser.weight_decay", Rule::Number(0.0, 100.0)),
    ("optimiser.batch", Rule::Integer(1, COUNT)),
    ("optimiser.warm_up_epochs", Rule::Integer(0, COUNT)),
    ("optimiser.decay", Rule::Number(1e-6, 1e6)),
    ("optimiser.decay_every_epochs", Rule::Integer(0, COUNT)),
    ("loss.complete", WEIGHT),
    ("loss.missing", WEIGHT),
    ("loss.fused", WEIGHT),
    ("loss.query", WEIGHT),
    ("loss.cross", WEIGHT),
    ("loss.contrast", WEIGHT),
    ("loss.temperature", Rule::Number(1e-6, 1e6)),
    ("loss.distil_after_epochs", Rule::Integer(0, COUNT)),
    ("missing.modalities", SHARE),
    ("missing.frames", SHARE),
    ("network.model_width", WIDTH),
    ("network.fused_width", WIDTH),
    ("network.contrast_width", WIDTH),
    ("network.frame_dropout", DROPOUT),
    ("network.mlp_dropout", DROPOUT),
    ("network.attention_scale", Rule::Number(1e-6, 1e6)),
    ("network.feature_limit", Rule::Number(0.0, 1e6)),
    ("network.imagination", Rule::Boolean),
];
