//! Times as subtitles write them.

/// Milliseconds since the start of the recording.
pub(crate) fn milliseconds(seconds: f64) -> u64 {
    // A negative time, which no report has, becomes 0.
    (seconds * 1e3).round() as u64
}

/// Hours, minutes, seconds and milliseconds, for example "01:02:03,004"; hours have as many
/// digits as they need.
pub(crate) fn clock(seconds: f64, point: char) -> String {
    let all = milliseconds(seconds);
    let (hours, minutes) = (all / 3_600_000, all / 60_000 % 60);
    let (seconds, milliseconds) = (all / 1000 % 60, all % 1000);
    format!("{hours:02}:{minutes:02}:{seconds:02}{point}{milliseconds:03}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_counted_on() {
        assert_eq!(clock(0.0, ','), "00:00:00,000");
        assert_eq!(clock(59.9996, ','), "00:01:00,000");
        assert_eq!(clock(3_723.004, '.'), "01:02:03.004");
        assert_eq!(clock(360_000.5, '.'), "100:00:00.500");
        assert_eq!(clock(-0.2, '.'), "00:00:00.000");
    }
}
