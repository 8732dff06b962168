//! The settings that a report names, as they are set.

use serde_json::Value;

use super::lines::ConfigLine;

/// The keys of a report's settings, the settings behind them, and what these are where they are not
/// written.
const SETTINGS: [(&str, &str, &str); 14] = [
    ("text_mode", "text.mode", ""),
    ("gate", "text.gate", ""),
    ("words", "text.words", "false"),
    ("explain", "report.explain", "false"),
    ("faces", "report.faces", "false"),
    ("frames_per_second", "decode.frames_per_second", ""),
    ("frame_width_px", "decode.frame_width_px", ""),
    ("audio_track", "decode.audio_track", "0"),
    ("window_s", "decode.window_s", ""),
    ("min_s", "utterances.min_s", ""),
    ("max_s", "utterances.max_s", ""),
    ("pad_s", "utterances.pad_s", ""),
    ("pause_s", "utterances.pause_s", ""),
    ("voice_threshold", "utterances.voice_threshold", ""),
];

/// The settings that a report was made with, by their names (`text.mode`), with their values as text:
/// set so, they make the same report.
#[must_use]
pub fn settings(config: &ConfigLine) -> Vec<(&'static str, String)> {
    let values = serde_json::to_value(config).unwrap_or_default();
    let setting = |(key, setting, unwritten): (&str, &'static str, &str)| {
        let text = match &values[key] {
            Value::String(text) => text.clone(),
            Value::Null => unwritten.to_owned(),
            value => value.to_string(),
        };
        (setting, text)
    };
    SETTINGS.into_iter().map(setting).collect()
}

#[cfg(test)]
mod tests {
    use undertone_config::Config;

    use super::*;
    use crate::fixtures::mark;

    #[test]
    fn every_setting_of_a_report_has_a_name() {
        let mut config = mark().config.clone();
        config.words = true;
        config.explain = true;
        config.faces = true;
        config.audio_track = 2;
        let keys = serde_json::to_value(&config).unwrap();
        let mut keys: Vec<_> = keys.as_object().unwrap().keys().cloned().collect();
        keys.sort();
        let mut named: Vec<_> = SETTINGS.iter().map(|(key, ..)| (*key).to_owned()).collect();
        named.sort();
        assert_eq!(keys, named);
    }

    #[test]
    fn the_settings_of_a_report_can_be_set() {
        let overrides = settings(&mark().config).into_iter();
        let overrides: Vec<_> = overrides
            .map(|(key, value)| (key.to_owned(), value))
            .collect();
        let config = Config::load(None, &overrides).unwrap();
        assert_eq!(config.text.mode.name(), mark().config.text_mode);
        assert_eq!(config.decode.audio_track, 0);
    }
}
