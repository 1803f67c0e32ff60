//! A leaky bucket: so many messages at once, and then one for each that has
//! leaked out. That is how Slack's limit was measured; it documents one message
//! a second and short bursts.

/// How full it is, and since when.
#[derive(Clone, Copy, Debug, Default)]
pub struct LeakyBucket {
    /// Thousandths of a message.
    level: i64,
    at_ms: i64,
}

impl LeakyBucket {
    /// Takes a message in, unless it would run over.
    pub fn admit(&mut self, burst: u32, drain_per_second: u32, now_ms: i64) -> bool {
        let elapsed_ms = now_ms.saturating_sub(self.at_ms).max(0);
        // A message a second is a thousandth a millisecond.
        let leaked = elapsed_ms.saturating_mul(i64::from(drain_per_second));
        self.level = self.level.saturating_sub(leaked).max(0);
        self.at_ms = now_ms;
        let fits = self.level + 1_000 <= i64::from(burst) * 1_000;
        if fits {
            self.level += 1_000;
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_one_a_second() {
        let mut bucket = LeakyBucket::default();
        let mut admitted = |now_ms| bucket.admit(3, 1, now_ms);
        let at_once: Vec<_> = (0..5).map(|_| admitted(10_000)).collect();
        assert_eq!(at_once, [true, true, true, false, false]);
        assert!(!admitted(10_999));
        assert!(admitted(11_000));
        assert!(!admitted(11_001));
        // Whole again after three seconds without a message, and no fuller.
        let later: Vec<_> = (0..4).map(|_| admitted(99_000)).collect();
        assert_eq!(later, [true, true, true, false]);
    }

    #[test]
    fn a_clock_that_goes_back_leaks_nothing() {
        let mut bucket = LeakyBucket::default();
        assert!(bucket.admit(1, 1, 10_000));
        assert!(!bucket.admit(1, 1, 5_000));
        assert!(bucket.admit(1, 1, 6_000));
    }
}
