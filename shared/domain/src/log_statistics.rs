//! What counted rows of the integration log come to.

use std::collections::BTreeMap;

use serde::Serialize;

/// So many that ended within the same time.
#[derive(Clone, Copy, Debug)]
pub struct Counted {
    /// The duration, rounded up; 0 where there is none.
    pub up_to_ms: i64,
    /// Notes that neither succeed nor fail are not among them.
    pub total: i64,
    pub failed: i64,
}

/// How a number of things went.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Statistics {
    pub total: i64,
    pub failed: i64,
    /// Share of those that did not fail, 0 to 1; `None` without any.
    pub success_rate: Option<f64>,
    /// Half of those with a duration took no longer than this, which is rounded up to the next of a
    /// series (1, 2, 3, 5, 7, 10, 15, 20, 30 … ms).
    pub p50_ms: Option<i64>,
    /// The same of 95 in 100.
    pub p95_ms: Option<i64>,
}

impl Statistics {
    #[must_use]
    pub fn of(counted: impl Iterator<Item = Counted>) -> Self {
        let mut statistics = Self::default();
        let mut durations: BTreeMap<i64, i64> = BTreeMap::new();
        for one in counted {
            statistics.total = statistics.total.saturating_add(one.total);
            statistics.failed = statistics.failed.saturating_add(one.failed);
            if one.up_to_ms > 0 {
                let held = durations.entry(one.up_to_ms).or_default();
                *held = held.saturating_add(one.total);
            }
        }
        statistics.success_rate = rate(statistics.total, statistics.failed);
        statistics.p50_ms = percentile(&durations, 50);
        statistics.p95_ms = percentile(&durations, 95);
        statistics
    }
}

/// To four places.
#[expect(
    clippy::cast_precision_loss,
    reason = "ten thousandths are exact in a double"
)]
fn rate(total: i64, failed: i64) -> Option<f64> {
    let good = total.saturating_sub(failed);
    let parts = good.saturating_mul(10_000).checked_div(total)?;
    Some(parts as f64 / 10_000.0)
}

/// The nearest rank: the least duration within which so many of a hundred are.
fn percentile(durations: &BTreeMap<i64, i64>, percent: i64) -> Option<i64> {
    let total = durations.values().fold(0_i64, |a, b| a.saturating_add(*b));
    let rank = total
        .saturating_mul(percent)
        .saturating_add(99)
        .div_euclid(100);
    let mut seen = 0_i64;
    durations
        .iter()
        .find(|(_, count)| {
            seen = seen.saturating_add(**count);
            seen >= rank
        })
        .map(|(up_to_ms, _)| *up_to_ms)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn counted(up_to_ms: i64, total: i64, failed: i64) -> Counted {
        Counted {
            up_to_ms,
            total,
            failed,
        }
    }

    #[test]
    fn nothing_comes_to_nothing() {
        assert_eq!(Statistics::of(std::iter::empty()), Statistics::default());
    }

    #[test]
    fn failures_and_durations_are_told() {
        let rows = [
            counted(10, 90, 0),
            counted(100, 5, 0),
            counted(1_000, 3, 0),
            counted(5_000, 2, 2),
            counted(9_000, 0, 0),
            counted(0, 100, 100),
        ];
        let statistics = Statistics::of(rows.into_iter());
        assert_eq!((statistics.total, statistics.failed), (200, 102));
        assert_eq!(statistics.success_rate, Some(0.49));
        assert_eq!(
            (statistics.p50_ms, statistics.p95_ms),
            (Some(10), Some(100))
        );
    }

    proptest! {
        #[test]
        fn a_percentile_is_as_of_the_sorted_list(
            rows in prop::collection::vec((1_i64..6, 1_i64..5), 1..20)
        ) {
            let mut all: Vec<i64> = rows
                .iter()
                .flat_map(|(ms, count)| std::iter::repeat_n(*ms, usize::try_from(*count).unwrap()))
                .collect();
            all.sort_unstable();
            let rank = |percent: usize| all[(all.len() * percent).div_ceil(100) - 1];
            let statistics =
                Statistics::of(rows.iter().map(|(ms, count)| counted(*ms, *count, 0)));
            prop_assert_eq!(statistics.p50_ms, Some(rank(50)));
            prop_assert_eq!(statistics.p95_ms, Some(rank(95)));
            prop_assert_eq!(statistics.success_rate, Some(1.0));
        }
    }
}
