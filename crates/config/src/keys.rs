//! The known keys: their types and ranges, and the nearest one to a misspelt one.

/// What a key's value must be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Rule {
    /// A path.
    Path,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A whole number within bounds, inclusive.
    Integer(i64, i64),
    /// A number within bounds, inclusive.
    Number(f64, f64),
    /// `true` or `false`.
    Truth,
    /// An address and a port, or nothing.
    Address,
    /// A list of texts.
    Texts,
    /// A list of patterns over file names.
    Patterns,
}

/// Every key that can be set. `config/default.toml` documents each.
pub(super) const KEYS: &[(&str, Rule)] = &[
    ("bundle", Rule::Path),
    (
        "text.mode",
        Rule::Choice(&["auto", "transcript", "simulated", "none"]),
    ),
    ("text.gate", Rule::Number(0.0, 1.0)),
    ("decode.frames_per_second", Rule::Integer(1, 30)),
    ("decode.frame_width_px", Rule::Integer(64, 1920)),
    ("decode.stall_s", Rule::Number(1.0, 600.0)),
    ("decode.window_s", Rule::Number(0.5, 60.0)),
    ("utterances.min_s", Rule::Number(0.1, 10.0)),
    ("utterances.max_s", Rule::Number(1.0, 60.0)),
    ("utterances.pad_s", Rule::Number(0.0, 2.0)),
    ("utterances.pause_s", Rule::Number(0.1, 5.0)),
    ("utterances.voice_threshold", Rule::Number(0.0, 1.0)),
    ("stages.queue", Rule::Integer(1, 1024)),
    ("stages.decode.workers", Rule::Integer(1, 64)),
    ("stages.transcribe.workers", Rule::Integer(1, 64)),
    ("stages.represent.workers", Rule::Integer(1, 64)),
    ("stages.observe.workers", Rule::Integer(1, 64)),
    ("stages.fuse.workers", Rule::Integer(1, 4)),
    ("fuse.batch", Rule::Integer(1, 1024)),
    ("threads.total", Rule::Integer(0, 1024)),
    (
        "log.level",
        Rule::Choice(&["error", "warn", "info", "debug", "trace"]),
    ),
    ("log.format", Rule::Choice(&["text", "json"])),
    ("files.include", Rule::Patterns),
    ("files.exclude", Rule::Patterns),
    ("watch.events", Rule::Choice(&["auto", "native", "poll"])),
    ("watch.poll_s", Rule::Number(0.1, 3600.0)),
    ("watch.rescan_s", Rule::Number(1.0, 86_400.0)),
    ("watch.settle_s", Rule::Number(0.1, 3600.0)),
    ("watch.unsettled_s", Rule::Number(1.0, 86_400.0)),
    ("watch.duplicates", Rule::Choice(&["point", "score"])),
    ("watch.outdated", Rule::Choice(&["score", "keep"])),
    ("watch.isolation", Rule::Choice(&["process", "none"])),
    ("watch.combined", Rule::Truth),
    ("retry.attempts", Rule::Integer(1, 100)),
    ("retry.backoff_s", Rule::Number(0.1, 86_400.0)),
    ("retry.longest_s", Rule::Number(0.1, 604_800.0)),
    ("limits.memory_mb", Rule::Integer(0, 1_000_000)),
    ("limits.stall_s", Rule::Number(1.0, 86_400.0)),
    ("limits.time_s", Rule::Number(1.0, 604_800.0)),
    ("limits.time_factor", Rule::Number(0.0, 10_000.0)),
    ("shutdown.grace_s", Rule::Number(0.0, 86_400.0)),
    ("metrics.listen", Rule::Address),
    ("hooks.on_report", Rule::Texts),
    ("hooks.timeout_s", Rule::Number(0.1, 86_400.0)),
];

/// The rule of a key, if the key is known.
pub(super) fn rule_of(path: &str) -> Option<Rule> {
    KEYS.iter()
        .find(|(known, _)| *known == path)
        .map(|(_, rule)| *rule)
}

/// True when some known key lies below this path.
pub(super) fn is_table(path: &str) -> bool {
    KEYS.iter().any(|(known, _)| {
        known
            .strip_prefix(path)
            .is_some_and(|rest| rest.starts_with('.'))
    })
}

/// The known key or table that was probably meant.
pub(super) fn nearest(path: &str) -> Option<String> {
    let leaf = path.rsplit('.').next().unwrap_or(path);
    // The right name in the wrong table is a likelier slip than a wrong name.
    let misplaced = KEYS
        .iter()
        .find(|(known, _)| known.rsplit('.').next() == Some(leaf));
    if let Some((known, _)) = misplaced {
        return Some((*known).to_owned());
    }
    candidates()
        .map(|known| (strsim::damerau_levenshtein(path, &known), known))
        .min()
        .filter(|(distance, known)| *distance <= 1 + known.len() / 4)
        .map(|(_, known)| known)
}

fn candidates() -> impl Iterator<Item = String> {
    let keys = KEYS.iter().map(|(known, _)| (*known).to_owned());
    let tables = KEYS
        .iter()
        .flat_map(|(known, _)| known.match_indices('.').map(|(at, _)| known[..at].into()));
    keys.chain(tables)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_key_is_recognised() {
        assert_eq!(nearest("text.gat").as_deref(), Some("text.gate"));
        assert_eq!(nearest("decod").as_deref(), Some("decode"));
        assert_eq!(nearest("stages.fuze").as_deref(), Some("stages.fuse"));
        assert_eq!(nearest("colour"), None);
    }

    #[test]
    fn a_key_in_the_wrong_table_is_sent_to_the_right_one() {
        assert_eq!(nearest("gate").as_deref(), Some("text.gate"));
        assert_eq!(nearest("decode.max_s").as_deref(), Some("utterances.max_s"));
    }

    #[test]
    fn tables_are_told_from_keys() {
        assert!(is_table("stages.fuse"));
        assert!(is_table("stages"));
        assert!(!is_table("stages.queue"));
        assert!(!is_table("stage"));
    }
}
