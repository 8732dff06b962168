//! The part of a file that a request asks for with `Range`.

/// As much as is sent at once, in bytes: players ask for all that follows, and then again; a player
/// that stops in between keeps no thread of ours.
const AT_ONCE: u64 = 4 * 1024 * 1024;

/// What is sent of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// From a byte, so many of them.
    Of {
        /// The first byte.
        from: u64,
        /// At least one.
        length: u64,
    },
    /// The file has no such part.
    None,
}

impl Part {
    /// What a request with this `Range` gets of a file of so many bytes. What we do not know (several
    /// ranges, other units) is ignored, as the standard wants it.
    pub fn of(range: Option<&str>, size: u64) -> Self {
        let asked = range.and_then(|range| range.trim().strip_prefix("bytes="));
        let Some((first, last)) = asked.and_then(|range| range.split_once('-')) else {
            return Self::Whole;
        };
        let number = |text: &str| text.trim().parse::<u64>().ok();
        let (from, end) = match (number(first), number(last)) {
            (Some(from), None) if last.trim().is_empty() => (from, size),
            (Some(from), Some(last)) if from <= last => (from, size.min(last.saturating_add(1))),
            (None, Some(tail)) if first.trim().is_empty() => (size.saturating_sub(tail), size),
            _ => return Self::Whole,
        };
        match end.saturating_sub(from).min(AT_ONCE) {
            0 => Self::None,
            length => Self::Of { from, length },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_within_the_file_and_short() {
        let of = |from, length| Part::Of { from, length };
        assert_eq!(Part::of(None, 100), Part::Whole);
        assert_eq!(Part::of(Some("bytes=0-"), 100), of(0, 100));
        assert_eq!(Part::of(Some("bytes=10-19"), 100), of(10, 10));
        assert_eq!(Part::of(Some("bytes=90-900"), 100), of(90, 10));
        assert_eq!(Part::of(Some("bytes=-30"), 100), of(70, 30));
        assert_eq!(Part::of(Some("bytes=-300"), 100), of(0, 100));
        assert_eq!(Part::of(Some("bytes=5-"), 1 << 40), of(5, AT_ONCE));
        let last = format!("bytes=0-{}", u64::MAX);
        assert_eq!(Part::of(Some(&last), 100), of(0, 100));
    }

    #[test]
    fn what_is_not_there_and_what_is_not_understood() {
        assert_eq!(Part::of(Some("bytes=100-"), 100), Part::None);
        assert_eq!(Part::of(Some("bytes=-0"), 100), Part::None);
        assert_eq!(Part::of(Some("bytes=0-"), 0), Part::None);
        for other in [
            "bytes=9-1",
            "bytes=a-b",
            "bytes=-",
            "lines=1-2",
            "bytes=0-1,3-4",
            "bytes",
        ] {
            assert_eq!(Part::of(Some(other), 100), Part::Whole, "{other}");
        }
    }
}
