//! Points in time, as text (RFC 3339, UTC).

use std::time::SystemTime;

use jiff::Timestamp;

/// To the second, for people.
pub(super) fn rfc3339(time: SystemTime) -> String {
    let second = |time: Timestamp| Timestamp::from_second(time.as_second());
    Timestamp::try_from(time)
        .and_then(second)
        .unwrap_or_default()
        .to_string()
}

/// To the nanosecond, to tell modifications apart.
pub(super) fn rfc3339_exact(time: SystemTime) -> String {
    Timestamp::try_from(time).unwrap_or_default().to_string()
}

/// Reads both.
pub(super) fn parse(text: &str) -> Option<SystemTime> {
    SystemTime::try_from(text.parse::<Timestamp>().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn known_moments() {
        let at = |seconds| rfc3339(UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(0), "1970-01-01T00:00:00Z");
        assert_eq!(at(951_782_400), "2000-02-29T00:00:00Z");
        let fine = UNIX_EPOCH + Duration::new(1_700_000_000, 120_000_000);
        assert_eq!(rfc3339(fine), "2023-11-14T22:13:20Z");
        assert_eq!(rfc3339_exact(fine), "2023-11-14T22:13:20.12Z");
        assert_eq!(parse(&rfc3339_exact(fine)), Some(fine));
        let before = UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(rfc3339(before), "1969-12-31T23:59:59Z");
    }
}
