//! How many clients an adviser may take: the limit of a month, what changes it, and the target of a fortnight.

use chrono::NaiveDate;
use serde::Serialize;

use super::absence::Absence;
use super::input::{Adviser, LimitOverride};
use super::settings::{Fixes, Settings};
use super::{Week, dates};

/// Beyond any limit that means something.
const MAX_LIMIT: i64 = 1_000_000;

/// The limits of one adviser, week by week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    base: i64,
    /// By week; of each week the one that counts.
    overrides: Vec<(Week, i64)>,
}

impl Limits {
    /// `overrides` are the adviser's own.
    ///
    /// An override holds from the Monday on or after its day until the next one, for good if there is none. Of
    /// two that begin in one week that of the later day counts, then the one with the larger id.
    #[must_use]
    pub fn new(
        adviser: &Adviser<'_>,
        overrides: &[LimitOverride<'_>],
        settings: &Settings,
    ) -> Self {
        let least = i64::from(!settings.fixes.zero_override_counts);
        let mut read: Vec<_> = overrides
            .iter()
            .filter(|one| one.client_limit_monthly >= least)
            .map(|one| {
                let limit = one.client_limit_monthly.min(MAX_LIMIT);
                let week = Week::on_or_after(one.effective_date);
                (week, one.effective_date, one.id, limit)
            })
            .collect();
        read.sort_unstable();
        let mut overrides: Vec<(Week, i64)> = Vec::with_capacity(read.len());
        for (week, _, _, limit) in read {
            match overrides.last_mut() {
                Some(last) if last.0 == week => last.1 = limit,
                _ => overrides.push((week, limit)),
            }
        }
        Self {
            base: base(adviser, settings),
            overrides,
        }
    }

    /// Clients of a month, as of a week.
    #[must_use]
    pub fn monthly(&self, week: Week) -> i64 {
        let after = self.overrides.partition_point(|(from, _)| *from <= week);
        let active = after.checked_sub(1).and_then(|at| self.overrides.get(at));
        active.map_or(self.base, |(_, limit)| *limit)
    }

    /// Meetings of a week and the working week before it.
    #[must_use]
    pub fn fortnight(&self, week: Week) -> i64 {
        self.monthly(week) / 2
    }

    /// The override to show: the one that holds, otherwise the next one.
    #[must_use]
    pub fn shown(&self, week: Week) -> Option<ShownOverride> {
        let after = self.overrides.partition_point(|(from, _)| *from <= week);
        let active = after.checked_sub(1);
        self.overrides
            .get(active.unwrap_or(0))
            .map(|(from, limit)| ShownOverride {
                monthly: *limit,
                from: *from,
                is_active: active.is_some(),
            })
    }
}

/// A limit that somebody has set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ShownOverride {
    pub monthly: i64,
    pub from: Week,
    /// False: it is to come.
    pub is_active: bool,
}

fn base(adviser: &Adviser<'_>, settings: &Settings) -> i64 {
    let has_start =
        settings.fixes.pod_limit_without_start_date || dates::day(adviser.start_date).is_some();
    let of_pod = settings
        .limits
        .by_pod_type
        .get(adviser.pod_type)
        .filter(|_| has_start);
    i64::from(*of_pod.unwrap_or(&settings.limits.monthly)).min(MAX_LIMIT)
}

/// What a week asks for: nothing of who is away, half of it, rounded up, of who is away for three days or four.
#[must_use]
pub fn target(fortnight: i64, absence: Absence) -> i64 {
    if absence.is_full() {
        0
    } else if absence.is_most_of_the_week() {
        fortnight.saturating_add(1) / 2
    } else {
        fortnight
    }
}

/// The first week of somebody who is new; `None`: they have started, or nothing is known of a start.
#[must_use]
pub fn first_week(
    start_date: Option<NaiveDate>,
    today: NaiveDate,
    settings: &Settings,
) -> Option<Week> {
    let start = start_date.filter(|start| *start > today)?;
    Some(Week::of(start).plus(-settings.prestart()))
}

/// Whether a start date is there that cannot be read.
#[must_use]
pub fn has_unreadable_start(adviser: &Adviser<'_>, fixes: &Fixes) -> bool {
    fixes.leave_out_ambiguous_advisers
        && !adviser.start_date.trim().is_empty()
        && dates::day(adviser.start_date).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn to(limit: i64, from: &str, id: &'static str) -> LimitOverride<'static> {
        LimitOverride {
            adviser_email: "",
            effective_date: date(from),
            id,
            client_limit_monthly: limit,
        }
    }

    fn solo(start_date: &str) -> Adviser<'_> {
        Adviser {
            pod_type: "Solo Adviser",
            start_date,
            ..Adviser::default()
        }
    }

    #[test]
    fn a_target_is_half_a_month_rounded_down() {
        let corrected = Settings::default();
        for (limit, target) in [(6, 3), (5, 2), (4, 2), (2, 1), (1, 0), (0, 0)] {
            let limits = Limits::new(
                &Adviser::default(),
                &[to(limit, "2026-03-02", "a")],
                &corrected,
            );
            assert_eq!(
                limits.fortnight(Week::of(date("2026-03-09"))),
                target,
                "{limit}"
            );
        }
    }

    #[test]
    fn absence_lowers_a_target() {
        for (halves, of_three, of_two) in [
            (0, 3, 2),
            (2, 3, 2),
            (5, 3, 2),
            (6, 2, 1),
            (9, 2, 1),
            (10, 0, 0),
        ] {
            let absence = Absence::of_halves(halves);
            assert_eq!(
                (target(3, absence), target(2, absence)),
                (of_three, of_two),
                "{halves}"
            );
        }
    }

    #[test]
    fn a_pod_has_its_limit() {
        let week = Week::of(date("2026-03-09"));
        let monthly = |adviser: &Adviser<'_>, settings: &Settings| {
            Limits::new(adviser, &[], settings).monthly(week)
        };
        let (corrected, compatible) = (
            Settings::default(),
            Settings::preset(super::super::settings::Preset::Compatible),
        );
        assert_eq!(monthly(&solo("2024-02-05"), &compatible), 4);
        for start in ["", "last year"] {
            assert_eq!(monthly(&solo(start), &compatible), 6);
            assert_eq!(monthly(&solo(start), &corrected), 4);
        }
        let other = Adviser {
            pod_type: "solo adviser",
            ..solo("2024-02-05")
        };
        assert_eq!(monthly(&other, &corrected), 6);
    }

    #[test]
    fn overrides_hold_from_the_monday_on_or_after_their_day() {
        let overrides = [
            to(10, "2026-04-07", "c"),
            to(8, "2026-04-06", "b"),
            to(2, "2026-03-31", "a"),
            to(-1, "2026-03-02", "d"),
        ];
        let limits = Limits::new(&Adviser::default(), &overrides, &Settings::default());
        let monthly = |day| limits.monthly(Week::of(date(day)));
        assert_eq!(monthly("2026-03-30"), 6);
        assert_eq!(
            monthly("2026-04-06"),
            8,
            "the later day of the two that begin in this week"
        );
        assert_eq!(monthly("2026-04-13"), 10);
        assert_eq!(monthly("2030-01-07"), 10);
        let shown = |day| {
            let shown = limits.shown(Week::of(date(day))).unwrap();
            (shown.monthly, shown.is_active)
        };
        assert_eq!(shown("2026-03-30"), (8, false));
        assert_eq!(shown("2026-05-04"), (10, true));
    }

    #[test]
    fn of_two_of_one_day_the_one_with_the_larger_id_counts() {
        let (one, other) = (to(2, "2026-03-02", "1"), to(4, "2026-03-02", "2"));
        for overrides in [[one, other], [other, one]] {
            let limits = Limits::new(&Adviser::default(), &overrides, &Settings::default());
            assert_eq!(limits.monthly(Week::of(date("2026-03-09"))), 4);
        }
    }

    #[test]
    fn who_starts_later_has_room_three_weeks_before() {
        let first = |start| {
            first_week(Some(date(start)), date("2026-03-11"), &Settings::default())
                .map(|week| week.to_string())
        };
        assert_eq!(first("2026-05-04").as_deref(), Some("2026-04-13"));
        assert_eq!(first("2026-03-25").as_deref(), Some("2026-03-02"));
        assert_eq!(first("2026-03-11"), None);
    }
}
