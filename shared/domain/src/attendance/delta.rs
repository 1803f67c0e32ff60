//! The difference between what was scheduled and what was worked.

use std::cmp::Reverse;

use super::event::EventType;
use super::matching::{self, MatchedBy, Work};
use super::policy::Thresholds;
use super::{Few, Punch, Shift};
use crate::text_enum::text_enum;

text_enum! {
    /// The categories. Several can hold for one work.
    pub enum Category, "category of a delta" {
        /// The clock-in is within the tolerance of the start, either way, its ends included.
        OnTime = "on_time",
        /// The clock-in is later than that.
        LateArrival = "late_arrival",
        /// The clock-out is further before the end than the tolerance.
        EarlyDeparture = "early_departure",
        /// A shift that nobody came to.
        NoShow = "no_show",
        /// A punch without a shift.
        Unscheduled = "unscheduled",
        /// More was worked than was scheduled, beyond the tolerance.
        Overtime = "overtime",
        /// Less was worked than was scheduled, beyond the share that is tolerated.
        ShortShift = "short_shift",
    }
}

impl Category {
    const fn bit(self) -> u8 {
        match self {
            Self::OnTime => 1,
            Self::LateArrival => 2,
            Self::EarlyDeparture => 4,
            Self::NoShow => 8,
            Self::Unscheduled => 16,
            Self::Overtime => 32,
            Self::ShortShift => 64,
        }
    }
}

/// Those that hold, as bits: `on_time` 1, `late_arrival` 2, `early_departure` 4, `no_show` 8, `unscheduled` 16,
/// `overtime` 32, `short_shift` 64.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Categories(u8);

impl Categories {
    #[must_use]
    pub const fn has(self, category: Category) -> bool {
        self.0 & category.bit() != 0
    }

    pub const fn add(&mut self, category: Category) {
        self.0 |= category.bit();
    }

    /// As they are stored.
    #[must_use]
    pub fn bits(self) -> i64 {
        i64::from(self.0)
    }

    #[must_use]
    pub fn mask(category: Category) -> i64 {
        i64::from(category.bit())
    }

    pub fn iter(self) -> impl Iterator<Item = Category> {
        Category::ALL
            .iter()
            .copied()
            .filter(move |&one| self.has(one))
    }
}

/// One work, in numbers. Differences are in seconds; [`whole_minutes`] is how they are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delta {
    pub categories: Categories,
    /// Of the first shift.
    pub scheduled_start: Option<i64>,
    /// Of the last shift; `None` where it lasts until closing time.
    pub scheduled_end: Option<i64>,
    /// Without the planned unpaid breaks, what overlaps once; `None` where the end is not known.
    pub scheduled_seconds: Option<i64>,
    pub actual_start: Option<i64>,
    /// `None` while somebody is on the clock.
    pub actual_end: Option<i64>,
    /// Out − in − unpaid breaks, of all punches, what overlaps once; `None` while somebody is on the clock.
    pub worked_seconds: Option<i64>,
    /// Clock-in − start: late is above zero.
    pub arrival_seconds: Option<i64>,
    /// Clock-out − end: stayed late is above zero.
    pub departure_seconds: Option<i64>,
    /// Worked − scheduled.
    pub net_seconds: Option<i64>,
    /// Somebody is on the clock.
    pub is_running: bool,
    /// The last clock-out was the system's: it is no evidence of when somebody left, so what rests on the end is not
    /// judged.
    pub is_auto_clocked_out: bool,
}

impl Delta {
    /// Minutes late; 0 for who was in time.
    #[must_use]
    pub fn late_minutes(&self) -> Option<i64> {
        self.arrival_seconds
            .map(|seconds| whole_minutes(seconds.max(0)))
    }

    #[must_use]
    pub fn early_arrival_minutes(&self) -> Option<i64> {
        self.arrival_seconds
            .map(|seconds| whole_minutes(seconds.min(0).saturating_neg()))
    }

    /// Minutes after the end.
    #[must_use]
    pub fn late_stay_minutes(&self) -> Option<i64> {
        self.departure_seconds
            .map(|seconds| whole_minutes(seconds.max(0)))
    }

    #[must_use]
    pub fn early_departure_minutes(&self) -> Option<i64> {
        self.departure_seconds
            .map(|seconds| whole_minutes(seconds.min(0).saturating_neg()))
    }

    /// Worked − scheduled, each to the nearest minute, so that who subtracts the minutes that are shown gets
    /// the same.
    #[must_use]
    pub fn delta_minutes(&self) -> Option<i64> {
        let (worked, scheduled) = (self.worked_seconds?, self.scheduled_seconds?);
        Some(nearest_minutes(worked).saturating_sub(nearest_minutes(scheduled)))
    }
}

/// Minutes that are over, as a clock shows them.
#[must_use]
pub const fn whole_minutes(seconds: i64) -> i64 {
    seconds.div_euclid(60)
}

/// To the nearest minute, half a minute up.
#[must_use]
pub const fn nearest_minutes(seconds: i64) -> i64 {
    seconds.saturating_add(30).div_euclid(60)
}

/// What was scheduled of a shift: without its planned unpaid breaks. `None` where the end is not known.
#[must_use]
pub fn scheduled_seconds(shift: &Shift<'_>) -> Option<i64> {
    (!shift.is_close).then(|| {
        shift
            .ends_at
            .saturating_sub(shift.starts_at)
            .saturating_sub(shift.unpaid_break_seconds)
            .max(0)
    })
}

/// When a shift without a punch is a no-show: the time at which the person was to come and the grace are over. Punches
/// must be known up to then, or a sync that is behind would make no-shows.
#[must_use]
pub fn no_show_due_at(expected_at: i64, thresholds: &Thresholds) -> i64 {
    expected_at.saturating_add(thresholds.no_show_grace_seconds())
}

/// The difference of one work. A shift without punches is told as a no-show: whether it is one yet is for
/// [`no_show_due_at`] to say.
#[must_use]
pub fn delta(
    work: &Work,
    shifts: &[Shift<'_>],
    punches: &[Punch<'_>],
    thresholds: &Thresholds,
) -> Delta {
    let planned: Few<&Shift<'_>> = work
        .shifts
        .iter()
        .filter_map(|&at| shifts.get(at))
        .collect();
    let done: Few<&Punch<'_>> = work
        .punches
        .iter()
        .filter_map(|&at| punches.get(at))
        .collect();
    let mut delta = numbers(&planned, &done);
    match (planned.is_empty(), done.is_empty()) {
        (true, _) => delta.categories.add(Category::Unscheduled),
        (false, true) => delta.categories.add(Category::NoShow),
        (false, false) => judge(&mut delta, thresholds),
    }
    delta
}

fn numbers(planned: &[&Shift<'_>], done: &[&Punch<'_>]) -> Delta {
    let last = done.iter().max_by_key(|punch| {
        (
            punch.clocked_out_at.unwrap_or(i64::MAX),
            punch.clocked_in_at,
        )
    });
    let is_running = done.iter().any(|punch| punch.clocked_out_at.is_none());
    let scheduled_start = planned.iter().map(|shift| shift.starts_at).min();
    let has_no_end = planned.iter().any(|shift| shift.is_close);
    let scheduled_end = planned
        .iter()
        .map(|shift| shift.ends_at)
        .max()
        .filter(|_| !has_no_end);
    let scheduled_seconds = once(planned.iter().map(|shift| {
        let net = scheduled_seconds(shift)?;
        Some((shift.starts_at, shift.ends_at, net))
    }));
    let actual_start = done.iter().map(|punch| punch.clocked_in_at).min();
    let actual_end = last
        .and_then(|punch| punch.clocked_out_at)
        .filter(|_| !is_running);
    let worked_seconds = once(done.iter().map(|punch| {
        Some((
            punch.clocked_in_at,
            punch.clocked_out_at?,
            punch.worked_seconds?,
        ))
    }));
    let is_auto_clocked_out = !is_running && last.is_some_and(|punch| punch.auto_clocked_out);
    let apart = |actual: Option<i64>, planned: Option<i64>| Some(actual?.saturating_sub(planned?));
    Delta {
        scheduled_start,
        scheduled_end,
        scheduled_seconds,
        actual_start,
        actual_end,
        worked_seconds,
        arrival_seconds: apart(actual_start, scheduled_start),
        departure_seconds: apart(actual_end, scheduled_end).filter(|_| !is_auto_clocked_out),
        // What the system has ended says nothing of how long somebody has worked.
        net_seconds: apart(worked_seconds, scheduled_seconds)
            .filter(|_| !done.iter().any(|punch| punch.auto_clocked_out)),
        is_running,
        is_auto_clocked_out,
        categories: Categories::default(),
    }
}

/// The sum of what is known of each part, from when until when and how many seconds of it count. What lies in an earlier
/// part, too, counts once. Of none, and where one is not known, `None`.
fn once(parts: impl Iterator<Item = Option<(i64, i64, i64)>>) -> Option<i64> {
    let mut parts = parts.collect::<Option<Few<_>>>()?;
    parts.sort_unstable_by_key(|&(from, to, seconds)| (from, to, Reverse(seconds)));
    let mut whole = None;
    let mut reached = i64::MIN;
    for (from, to, seconds) in parts {
        let length = to.saturating_sub(from);
        let fresh = to.saturating_sub(from.max(reached)).max(0);
        // A break may be anywhere in it: what counts is spread over all of it.
        let counted = if fresh < length {
            i128::from(seconds)
                .saturating_mul(i128::from(fresh))
                .checked_div(i128::from(length))
                .and_then(|counted| i64::try_from(counted).ok())
                .unwrap_or_default()
        } else {
            seconds
        };
        whole = Some(whole.unwrap_or(0_i64).saturating_add(counted));
        reached = reached.max(to);
    }
    whole
}

fn judge(delta: &mut Delta, thresholds: &Thresholds) {
    if let Some(arrival) = delta.arrival_seconds {
        if arrival.saturating_abs() <= thresholds.on_time_seconds() {
            delta.categories.add(Category::OnTime);
        } else if arrival > 0 {
            delta.categories.add(Category::LateArrival);
        }
    }
    if let Some(departure) = delta.departure_seconds
        && departure < -thresholds.early_departure_seconds()
    {
        delta.categories.add(Category::EarlyDeparture);
    }
    if delta.is_auto_clocked_out {
        return;
    }
    let (Some(net), Some(scheduled)) = (delta.net_seconds, delta.scheduled_seconds) else {
        return;
    };
    if net > thresholds.overtime_seconds() {
        delta.categories.add(Category::Overtime);
    }
    // Seconds times a hundred: no share is rounded.
    let missing = net.saturating_neg().saturating_mul(100);
    if missing > scheduled.saturating_mul(thresholds.short_shift_percent()) {
        delta.categories.add(Category::ShortShift);
    }
}

/// What needs a person's eye before anybody draws a consequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Review {
    /// The clock-out is the system's: when somebody left is not known.
    AutoClockOut,
    /// A no-show during which the person was on the clock, by a punch too far from its start to be its work.
    OnTheClock,
    /// A no-show of which somebody has noted at the provider that it is something else: sick, called off.
    AbsenceNoted,
}

impl Review {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AutoClockOut => "auto_clocked_out",
            Self::OnTheClock => "on_the_clock",
            Self::AbsenceNoted => "absence_noted",
        }
    }

    /// The event by which it is told.
    #[must_use]
    pub const fn event(self) -> EventType {
        match self {
            Self::AutoClockOut => EventType::AutoClockOut,
            Self::OnTheClock | Self::AbsenceNoted => EventType::NoShow,
        }
    }
}

/// Whether a work needs a person's eye, given all punches of the same person.
#[must_use]
pub fn review(
    work: &Work,
    delta: &Delta,
    shifts: &[Shift<'_>],
    punches: &[Punch<'_>],
) -> Option<Review> {
    if delta.is_auto_clocked_out {
        return Some(Review::AutoClockOut);
    }
    if work.matched_by != MatchedBy::Nothing || work.shifts.is_empty() {
        return None;
    }
    let mut of_work = work.shifts.iter().filter_map(|&at| shifts.get(at));
    let is_there = of_work.clone().any(|shift| {
        let end = matching::last_end(shift);
        punches.iter().any(|punch| {
            matching::runs_at(punch, shift.starts_at)
                || (shift.starts_at <= punch.clocked_in_at && punch.clocked_in_at < end)
        })
    });
    if is_there {
        return Some(Review::OnTheClock);
    }
    of_work
        .any(|shift| shift.absence_noted)
        .then_some(Review::AbsenceNoted)
}
