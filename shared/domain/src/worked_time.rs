//! A punch and its breaks, as time worked.
//!
//! Worked time is out − in − unpaid breaks that were not deleted (the provider's
//! guide to reading punches). What it leaves open is settled here: a break
//! counts only within its punch, time in two breaks counts once, and where a paid
//! and an unpaid break overlap the time is unpaid.

use std::fmt;

use serde::{Serialize, Serializer};

/// One clock-in, and the clock-out when there is one.
#[derive(Clone, Copy, Debug)]
pub struct Punch<'a> {
    pub clocked_in: i64,
    /// `None` while the person is at work.
    pub clocked_out: Option<i64>,
    pub breaks: &'a [Break],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Break {
    pub started_at: i64,
    /// `None` while the person is on the break.
    pub ended_at: Option<i64>,
    pub paid: bool,
    pub deleted: bool,
}

/// What a punch amounts to. Minutes are rounded to the nearest, half a minute up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WorkedTime {
    /// `None` while the punch runs. 0 where the clock-out lies before the clock-in.
    pub worked_seconds: Option<i64>,
    pub worked_minutes: Option<i64>,
    /// Of ended breaks; in a closed punch a break that was never ended lasts until the clock-out.
    pub paid_break_minutes: i64,
    pub unpaid_break_minutes: i64,
    /// The punch runs and so does a break in it.
    pub on_break: bool,
}

impl WorkedTime {
    /// Paid and unpaid.
    #[must_use]
    pub const fn break_minutes(&self) -> i64 {
        self.paid_break_minutes
            .saturating_add(self.unpaid_break_minutes)
    }

    /// `None` while the punch runs.
    #[must_use]
    pub fn total_hours(&self) -> Option<Hours> {
        self.worked_seconds.map(Hours::from_seconds)
    }
}

/// Applies the rules of this module.
#[must_use]
pub fn worked_time(punch: &Punch<'_>) -> WorkedTime {
    let kept = || punch.breaks.iter().filter(|b| !b.deleted);
    let all = covered_seconds(kept().filter_map(|b| within(punch, b)));
    let unpaid = covered_seconds(kept().filter(|b| !b.paid).filter_map(|b| within(punch, b)));
    let worked = punch.clocked_out.map(|out| {
        out.saturating_sub(punch.clocked_in)
            .saturating_sub(unpaid)
            .max(0)
    });
    WorkedTime {
        worked_seconds: worked,
        worked_minutes: worked.map(nearest_minutes),
        paid_break_minutes: nearest_minutes(all.saturating_sub(unpaid)),
        unpaid_break_minutes: nearest_minutes(unpaid),
        on_break: punch.clocked_out.is_none() && kept().any(|b| b.ended_at.is_none()),
    }
}

/// The part of a break that lies within the punch and has a known end.
fn within(punch: &Punch<'_>, b: &Break) -> Option<(i64, i64)> {
    let end = b.ended_at.or(punch.clocked_out)?;
    let start = b.started_at.max(punch.clocked_in);
    let end = punch.clocked_out.map_or(end, |out| end.min(out));
    (start < end).then_some((start, end))
}

/// Seconds that at least one of the spans covers.
fn covered_seconds(spans: impl Iterator<Item = (i64, i64)>) -> i64 {
    let mut spans: Vec<(i64, i64)> = spans.collect();
    spans.sort_unstable();
    let mut covered = 0_i64;
    let mut reached = i64::MIN;
    for (start, end) in spans {
        let start = start.max(reached);
        if start < end {
            covered = covered.saturating_add(end.saturating_sub(start));
            reached = end;
        }
    }
    covered
}

const fn nearest_minutes(seconds: i64) -> i64 {
    seconds.saturating_add(30).div_euclid(60)
}

/// Hours with two decimals, exact: `7.25`. Shown and sent as a decimal number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hours {
    hundredths: i64,
}

impl Hours {
    /// Rounded to the nearest hundredth (36 s), half up: 1 min is 0.02, 20 min are 0.33.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self {
            hundredths: seconds.saturating_add(18).div_euclid(36),
        }
    }

    #[must_use]
    pub const fn hundredths(self) -> i64 {
        self.hundredths
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.hundredths < 0 { "-" } else { "" };
        let size = self.hundredths.unsigned_abs();
        write!(f, "{sign}{}.{:02}", size / 100, size % 100)
    }
}

impl Serialize for Hours {
    /// The number nearest to the decimal, which prints as the decimal.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let nearest: f64 = self.to_string().parse().unwrap_or_default();
        serializer.serialize_f64(nearest)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MIN: i64 = 60;
    const HOUR: i64 = 60 * MIN;

    fn unpaid(started_at: i64, ended_at: i64) -> Break {
        Break {
            started_at,
            ended_at: Some(ended_at),
            paid: false,
            deleted: false,
        }
    }

    fn paid(started_at: i64, ended_at: i64) -> Break {
        Break {
            paid: true,
            ..unpaid(started_at, ended_at)
        }
    }

    /// 8 hours from 0 with these breaks: worked, paid and unpaid minutes.
    fn eight_hours(breaks: &[Break]) -> (i64, i64, i64) {
        let time = worked_time(&Punch {
            clocked_in: 0,
            clocked_out: Some(8 * HOUR),
            breaks,
        });
        (
            time.worked_minutes.unwrap(),
            time.paid_break_minutes,
            time.unpaid_break_minutes,
        )
    }

    #[test]
    fn a_clock_out_before_the_clock_in_is_no_work() {
        let punch = Punch {
            clocked_in: 1_000,
            clocked_out: Some(400),
            breaks: &[unpaid(500, 900)],
        };
        let time = worked_time(&punch);
        assert_eq!((time.worked_seconds, time.break_minutes()), (Some(0), 0));
    }

    #[test]
    fn a_running_punch_has_no_hours_yet() {
        let running = Break {
            ended_at: None,
            ..unpaid(3 * HOUR, 0)
        };
        let breaks = [unpaid(HOUR, HOUR + 30 * MIN), running];
        let time = worked_time(&Punch {
            clocked_in: 0,
            clocked_out: None,
            breaks: &breaks,
        });
        assert_eq!(
            (time.worked_seconds, time.worked_minutes, time.total_hours()),
            (None, None, None)
        );
        assert_eq!(
            time.unpaid_break_minutes, 30,
            "the running break has no length yet"
        );
        assert!(time.on_break);
    }

    #[test]
    fn only_unpaid_breaks_are_subtracted() {
        let (b, p) = (
            unpaid(HOUR, HOUR + 30 * MIN),
            paid(4 * HOUR, 4 * HOUR + 10 * MIN),
        );
        assert_eq!(eight_hours(&[]), (480, 0, 0));
        assert_eq!(eight_hours(&[b, p]), (450, 10, 30));
    }

    #[test]
    fn a_deleted_break_never_was() {
        let gone = Break {
            deleted: true,
            ..unpaid(HOUR, 2 * HOUR)
        };
        assert_eq!(eight_hours(&[gone]), (480, 0, 0));
    }

    #[test]
    fn a_break_counts_within_its_punch_only() {
        assert_eq!(
            eight_hours(&[unpaid(-HOUR, HOUR), unpaid(7 * HOUR, 10 * HOUR)]),
            (360, 0, 120)
        );
        assert_eq!(
            eight_hours(&[unpaid(-2 * HOUR, -HOUR), unpaid(9 * HOUR, 10 * HOUR)]),
            (480, 0, 0)
        );
        assert_eq!(
            eight_hours(&[unpaid(5 * HOUR, 4 * HOUR)]),
            (480, 0, 0),
            "ends before it starts"
        );
    }

    #[test]
    fn a_break_that_was_never_ended_lasts_until_the_clock_out() {
        let open = Break {
            ended_at: None,
            ..unpaid(7 * HOUR, 0)
        };
        assert_eq!(eight_hours(&[open]), (420, 0, 60));
    }

    #[test]
    fn overlapping_breaks_count_once_and_unpaid_wins() {
        assert_eq!(
            eight_hours(&[unpaid(HOUR, 2 * HOUR), unpaid(HOUR + 30 * MIN, 3 * HOUR)]),
            (360, 0, 120)
        );
        assert_eq!(
            eight_hours(&[paid(HOUR, 3 * HOUR), unpaid(2 * HOUR, 4 * HOUR)]),
            (360, 60, 120)
        );
    }

    #[test]
    fn hours_are_exact_decimals() {
        let table = [
            (0, "0.00", "0.0"),
            (17, "0.00", "0.0"),
            (18, "0.01", "0.01"),
            (60, "0.02", "0.02"),
            (20 * MIN, "0.33", "0.33"),
            (435 * MIN, "7.25", "7.25"),
            (503 * MIN, "8.38", "8.38"),
            (-30 * MIN, "-0.50", "-0.5"),
            (10_000 * HOUR, "10000.00", "10000.0"),
            // 5.8136 h: from 349 whole minutes they would be 5.82.
            (20_929, "5.81", "5.81"),
        ];
        for (seconds, text, json) in table {
            let hours = Hours::from_seconds(seconds);
            assert_eq!(hours.to_string(), text);
            assert_eq!(serde_json::to_string(&hours).unwrap(), json);
        }
    }

    #[test]
    fn seconds_round_to_the_nearest_minute() {
        let minutes = |secs| {
            let punch = Punch {
                clocked_in: 0,
                clocked_out: Some(secs),
                breaks: &[],
            };
            worked_time(&punch).worked_minutes.unwrap()
        };
        assert_eq!(
            [minutes(29), minutes(30), minutes(89), minutes(90)],
            [0, 1, 1, 2]
        );
    }

    fn any_break() -> impl Strategy<Value = Break> {
        (
            -50i64..350,
            proptest::option::of(-50i64..350),
            any::<bool>(),
            any::<bool>(),
        )
            .prop_map(|(started_at, ended_at, paid, deleted)| Break {
                started_at,
                ended_at,
                paid,
                deleted,
            })
    }

    proptest! {
        /// Counting second by second gives the same.
        #[test]
        fn work_is_what_is_in_no_unpaid_break(
            out in 0i64..300, breaks in proptest::collection::vec(any_break(), 0..6)
        ) {
            let on = |b: &Break, s: i64| !b.deleted && b.started_at <= s && s < b.ended_at.unwrap_or(out);
            let worked = (0..out).filter(|&s| !breaks.iter().any(|b| !b.paid && on(b, s))).count();
            let punch = Punch { clocked_in: 0, clocked_out: Some(out), breaks: &breaks };
            prop_assert_eq!(worked_time(&punch).worked_seconds, Some(i64::try_from(worked).unwrap()));
        }

        #[test]
        fn no_time_overflows(
            clocked_in: i64, clocked_out: Option<i64>, started_at: i64, ended_at: Option<i64>, paid: bool
        ) {
            let breaks = [Break { started_at, ended_at, paid, deleted: false }];
            let time = worked_time(&Punch { clocked_in, clocked_out, breaks: &breaks });
            prop_assert!(time.worked_seconds.is_none_or(|s| s >= 0));
            prop_assert!(time.total_hours().is_none_or(|h| h.hundredths() >= 0));
        }
    }
}
