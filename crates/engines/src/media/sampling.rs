//! Which pictures of a stream are looked at.

/// Chooses, for each slot of a fixed rate, the picture that is nearest to it. Pictures keep their
/// own times; none is invented, and a slot without one stays empty.
///
/// (GStreamer's `videorate` does the same, but ends the process where pictures have neither a
/// length nor a rate, and takes all of them where the rate varies.)
#[derive(Clone, Debug)]
pub(super) struct Sampler {
    /// Time between slots, in nanoseconds.
    period_ns: u64,
    /// The slot to be filled next.
    next_ns: u64,
}

impl Sampler {
    pub(super) fn new(per_second: u32) -> Self {
        Self {
            period_ns: 1_000_000_000 / u64::from(per_second.max(1)),
            next_ns: 0,
        }
    }

    /// Whether to keep the picture at `time_ns`; `length_ns` is the time to the one after it, 0
    /// where that is unknown.
    pub(super) fn keeps(&mut self, time_ns: u64, length_ns: u64) -> bool {
        // At half of its length the next picture becomes the nearer one.
        let reach_ns = time_ns.saturating_add(length_ns / 2);
        if reach_ns < self.next_ns {
            return false;
        }
        let slots = (reach_ns - self.next_ns) / self.period_ns + 1;
        self.next_ns = self
            .next_ns
            .saturating_add(slots.saturating_mul(self.period_ns));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(times_ms: impl IntoIterator<Item = u64>, length_ms: u64) -> Vec<u64> {
        let mut sampler = Sampler::new(10);
        let times = times_ms.into_iter();
        let ms = 1_000_000;
        times
            .filter(|time_ms| sampler.keeps(time_ms * ms, length_ms * ms))
            .collect()
    }

    #[test]
    fn the_nearest_picture_of_each_slot_is_kept() {
        let times = (0..10).map(|number| number * 40);
        assert_eq!(kept(times, 40), [0, 80, 200, 280]);
    }

    #[test]
    fn without_lengths_the_first_from_each_slot_on_is_kept() {
        let times = (0..10).map(|number| number * 40);
        assert_eq!(kept(times, 0), [0, 120, 200, 320]);
    }

    #[test]
    fn slow_pictures_are_all_kept_and_a_gap_is_not_made_up_for() {
        assert_eq!(kept([0, 125, 250, 375], 125), [0, 125, 250, 375]);
        assert_eq!(kept([0, 5000, 5010, 5020, 5100], 0), [0, 5000, 5100]);
    }

    #[test]
    fn a_single_picture_is_kept_wherever_it_is() {
        assert_eq!(kept([0], 0), [0]);
        assert_eq!(kept([123_456], 0), [123_456]);
    }
}
